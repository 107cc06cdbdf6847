-- One document. $1 id. Lists select the same columns in the same order (row_of in doc.c).
SELECT @doc_columns@
FROM document d WHERE d.id = $1::uuid
