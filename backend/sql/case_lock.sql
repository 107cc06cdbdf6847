-- The same, locked until the transaction ends. $1 id
SELECT @case_columns@
FROM casefile c WHERE c.id = $1::uuid FOR UPDATE
