-- Does a paper that stays name this file? $1 its hash $2 cases that go
SELECT EXISTS (SELECT FROM document WHERE sha256 = decode($1, 'hex') AND disposed_at IS NULL
    AND case_id <> ALL ($2::uuid[]))
