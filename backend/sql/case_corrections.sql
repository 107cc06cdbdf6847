-- What citizens put right, in order. $1 case
SELECT id, encode(answers, 'hex'), array_to_string(fields, ',') FROM case_return
WHERE case_id = $1::uuid AND answered_at IS NOT NULL AND answers IS NOT NULL ORDER BY id
