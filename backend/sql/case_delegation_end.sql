-- $1 id $2 now $3 by
UPDATE delegation SET ended_at = to_timestamp($2::bigint / 1000.0), ended_by = $3
WHERE id = $1::bigint AND ended_at IS NULL RETURNING account
