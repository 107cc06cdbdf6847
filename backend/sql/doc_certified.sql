-- The certified copy of a document. $1 parent
SELECT @doc_columns@
FROM document d WHERE d.parent = $1::uuid AND d.kind = 'certified' AND d.voided_at IS NULL
