-- $1 task $2 case
SELECT kind, institution, department, done_at IS NOT NULL FROM case_task WHERE id = $1::bigint AND case_id = $2::uuid
