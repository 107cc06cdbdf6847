-- $1 case
SELECT (extract(epoch FROM at) * 1000)::bigint, text FROM case_note
WHERE case_id IN (SELECT $1::uuid UNION SELECT o.id FROM casefile c JOIN casefile o USING (request_id)
    WHERE c.id = $1) AND public ORDER BY id LIMIT 50
