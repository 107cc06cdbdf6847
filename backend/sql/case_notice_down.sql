-- What hangs there of this case is taken down before its day. $1 case $2 now $3 today
UPDATE notice SET taken_down_at = to_timestamp($2::bigint / 1000.0)
WHERE case_id = $1::uuid AND taken_down_at IS NULL AND to_day >= $3::date
