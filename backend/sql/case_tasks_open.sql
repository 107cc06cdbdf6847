-- Where others are asked. $1 case
SELECT id, kind, institution, department, due - date '1970-01-01', assignee FROM case_task
WHERE case_id = $1::uuid AND done_at IS NULL ORDER BY id
