-- One casefile. $1 id. Lists select the same columns in the same order (case_row).
SELECT @case_columns@
FROM casefile c WHERE c.id = $1::uuid
