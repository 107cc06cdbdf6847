-- $1 now $2 how many
SELECT case_id, timer, (extract(epoch FROM at) * 1000)::bigint FROM case_timer
WHERE done_at IS NULL AND at <= to_timestamp($1::bigint / 1000.0)
    AND (again_at IS NULL OR again_at <= to_timestamp($1::bigint / 1000.0))
ORDER BY at LIMIT $2::int
