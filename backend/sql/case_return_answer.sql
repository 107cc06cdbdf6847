-- $1 id $2 answers or null $3 now
UPDATE case_return SET answers = $2::bytea, answered_at = to_timestamp($3::bigint / 1000.0)
WHERE id = $1::bigint AND answered_at IS NULL RETURNING 1
