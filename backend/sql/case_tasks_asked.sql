-- What other offices were asked and have a term of their own for. $1 case
SELECT id, (asked_at AT TIME ZONE 'Europe/Bucharest')::date - date '1970-01-01', due - date '1970-01-01' FROM case_task
WHERE case_id = $1::uuid AND done_at IS NULL AND kind IN ('opinion', 'record') ORDER BY id
