-- $1 id; the row is held until the end of the transaction
SELECT institution, retention, (extract(epoch FROM listed_at) * 1000)::bigint, listed_by,
    coalesce((SELECT full_name FROM account WHERE name = listed_by), listed_by), done_at IS NOT NULL, n
FROM disposal WHERE id = $1::uuid FOR UPDATE
