-- $1 document $2 case
SELECT 1 FROM document WHERE id::text = $1 AND case_id = $2::uuid AND voided_at IS NULL
UNION ALL SELECT 2 FROM draft WHERE $1 = 'draft' AND case_id = $2::uuid
