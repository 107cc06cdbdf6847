-- A term begins. $1 case $2 rule $3 main $4 began_on $5 began_minute $6 n $7 due $8 due_minute $9 late_after $10 why
-- $11 calc $12 now. Another main term that ran ends.
WITH over AS (
    UPDATE case_term SET ended_on = $4::date WHERE case_id = $1::uuid AND main AND $3::bool AND ended_on IS NULL
)
INSERT INTO case_term (case_id, rule, main, began_on, began_minute, n, due, due_minute, late_after, why, calc, computed_at)
VALUES ($1::uuid, $2, $3::bool, $4::date, $5::int, $6::int, $7::date, $8::int, $9::date, $10::jsonb, $11::jsonb,
    to_timestamp($12::bigint / 1000.0))
