-- It did not go: again after one minute, two, four ...; after $5 tries never, until somebody has worked on the case.
-- $1 case $2 timer $3 at $4 now
UPDATE case_timer SET tries = tries + 1,
    again_at = to_timestamp($4::bigint / 1000.0) + interval '1 minute' * 2 ^ least(tries, 10),
    done_at = CASE WHEN tries + 1 >= $5::int THEN to_timestamp($4::bigint / 1000.0) END,
    gave_up_at = CASE WHEN tries + 1 >= $5::int THEN to_timestamp($4::bigint / 1000.0) END
WHERE case_id = $1::uuid AND timer = $2 AND at = to_timestamp($3::bigint / 1000.0) AND done_at IS NULL
RETURNING gave_up_at IS NOT NULL
