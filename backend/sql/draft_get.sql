-- $1 case
SELECT template, lang, title, body, version, author, (extract(epoch FROM at) * 1000)::bigint FROM draft
WHERE case_id = $1::uuid
