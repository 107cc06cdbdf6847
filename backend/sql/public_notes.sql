-- $1 case
SELECT (extract(epoch FROM at) * 1000)::bigint, text FROM case_note
WHERE case_id = $1::uuid AND public ORDER BY id LIMIT 50
