-- A message to the applicant, once per step. $1 now $2 request or case $3 way $4 message $5 lang $6 recipient $7 step
-- $8 vars $9 fallback or null
INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, recipient, step, vars, fallback)
VALUES (to_timestamp($1::bigint / 1000.0), to_timestamp($1::bigint / 1000.0), $2::uuid, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING
