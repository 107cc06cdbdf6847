-- $1 case $2 kind $3 institution $4 department $5 binding $6 now $7 by $8 due $9 rule $10 why $11 calc; without them, those
-- of the case's own term. Not twice while it is open.
INSERT INTO case_task (case_id, kind, institution, department, binding, asked_at, asked_by, due, late_after, rule, why, calc)
SELECT $1::uuid, $2, $3, $4, $5::bool, to_timestamp($6::bigint / 1000.0), $7, $8::date, $8::date, $9,
    coalesce($10::jsonb, m.why), coalesce($11::jsonb, m.calc)
FROM (SELECT) x LEFT JOIN LATERAL (SELECT why, calc FROM case_term
    WHERE case_id = $1::uuid AND main AND ended_on IS NULL ORDER BY id DESC LIMIT 1) m ON true
WHERE NOT EXISTS (SELECT FROM case_task WHERE case_id = $1::uuid AND kind = $2 AND institution = $3 AND department = $4
    AND done_at IS NULL)
