-- $1 task $2 now $3 by $4 result $5 text
UPDATE case_task SET done_at = to_timestamp($2::bigint / 1000.0), done_by = $3, result = $4, text = $5
WHERE id = $1::bigint AND done_at IS NULL RETURNING 1
