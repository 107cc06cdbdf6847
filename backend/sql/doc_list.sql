-- The documents of a case as they came; what was replaced stays where it is. $1 case
SELECT @doc_columns@
FROM document d WHERE d.case_id = $1::uuid ORDER BY d.made_at, d.id
