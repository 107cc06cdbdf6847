-- What a citizen put right last, within the hours of a visit. $1 case $2 now
SELECT id, case_id, (extract(epoch FROM answered_at) * 1000)::bigint, reason, array_to_string(fields, ','),
    encode(answers, 'hex')
FROM case_return
WHERE case_id = $1::uuid AND answers IS NOT NULL AND answered_at > to_timestamp($2::bigint / 1000.0) - interval '2 hours'
ORDER BY id DESC LIMIT 1
