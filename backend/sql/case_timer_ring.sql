-- Rings once. $1 case $2 timer $3 at $4 now
UPDATE case_timer SET done_at = to_timestamp($4::bigint / 1000.0), rang = true
WHERE case_id = $1::uuid AND timer = $2 AND at = to_timestamp($3::bigint / 1000.0) AND done_at IS NULL RETURNING 1
