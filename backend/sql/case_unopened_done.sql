-- It has its case now. $1 request $2 now
UPDATE case_unopened SET opened_at = to_timestamp($2::bigint / 1000.0)
WHERE request_id = $1::uuid AND opened_at IS NULL AND EXISTS (SELECT FROM casefile WHERE id = $1::uuid)
