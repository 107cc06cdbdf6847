-- The houses a request went through, the first one first: one row for most. $1 case
SELECT c.id, c.register, c.n, (extract(epoch FROM c.registered_at) * 1000)::bigint, i.name_ro, i.name_hu, i.name_en
FROM casefile c JOIN institution i ON i.id = c.institution
WHERE c.id = $1::uuid OR c.request_id = (SELECT request_id FROM casefile WHERE id = $1)
ORDER BY c.registered_at, c.id LIMIT 20
