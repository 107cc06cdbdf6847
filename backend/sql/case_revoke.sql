-- What was issued no longer holds. $1 case $2 now $3 why
UPDATE document SET voided_at = to_timestamp($2::bigint / 1000.0), voided_why = $3
WHERE case_id = $1::uuid AND kind IN ('permit', 'decision', 'answer') AND voided_at IS NULL
