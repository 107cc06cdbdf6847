-- What was signed last. $1 case
SELECT @doc_columns@
FROM document d WHERE d.case_id = $1::uuid AND d.signed_at IS NOT NULL AND d.voided_at IS NULL AND d.kind <> 'cover'
ORDER BY d.signed_at DESC, d.id DESC LIMIT 1
