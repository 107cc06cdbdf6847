-- A letter waits for paper. $1 case $2 document $3 now $4 by
INSERT INTO case_print (case_id, document, asked_at, asked_by)
VALUES ($1::uuid, $2::uuid, to_timestamp($3::bigint / 1000.0), $4) ON CONFLICT DO NOTHING
