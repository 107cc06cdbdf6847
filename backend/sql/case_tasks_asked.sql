-- What others were asked and have a term of their own for. $1 case
SELECT id, (asked_at AT TIME ZONE 'Europe/Bucharest')::date - date '1970-01-01', due - date '1970-01-01', rule, calc IS NULL
FROM case_task WHERE case_id = $1::uuid AND done_at IS NULL AND rule <> 'case' ORDER BY id
