-- $1 key $2 since $3 used $4 times $5 until, or 0 (ms)
UPDATE public_use SET since = to_timestamp($2::bigint / 1000.0), used = $3::bigint, times = $4::smallint,
    until = CASE WHEN $5::bigint > 0 THEN to_timestamp($5 / 1000.0) END
WHERE key = $1
