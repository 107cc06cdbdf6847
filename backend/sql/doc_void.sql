-- $1 id $2 ms $3 why
UPDATE document SET voided_at = to_timestamp($2::bigint / 1000.0), voided_why = $3, source = NULL
WHERE id = $1::uuid AND voided_at IS NULL AND signed_at IS NULL RETURNING 1
