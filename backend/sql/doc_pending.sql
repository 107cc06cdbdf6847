-- What was rendered and waits for its signature. $1 case
SELECT @doc_columns@, d.source
FROM document d WHERE d.case_id = $1::uuid AND d.source IS NOT NULL AND d.signed_at IS NULL AND d.voided_at IS NULL
    AND d.kind <> 'certified'
ORDER BY d.made_at DESC, d.id DESC LIMIT 1
