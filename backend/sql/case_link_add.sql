-- $1 case $2 other $3 kind $4 now $5 by
INSERT INTO case_link (case_id, other, kind, at, by)
VALUES ($1::uuid, $2::uuid, $3, to_timestamp($4::bigint / 1000.0), $5) ON CONFLICT DO NOTHING
