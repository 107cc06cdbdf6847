-- $1 case $2 kind $3 institution $4 department $5 binding $6 now $7 by $8 due. Not twice while it is open.
INSERT INTO case_task (case_id, kind, institution, department, binding, asked_at, asked_by, due, late_after)
SELECT $1::uuid, $2, $3, $4, $5::bool, to_timestamp($6::bigint / 1000.0), $7, $8::date, $8::date
WHERE NOT EXISTS (SELECT FROM case_task WHERE case_id = $1::uuid AND kind = $2 AND institution = $3 AND department = $4
    AND done_at IS NULL)
