-- Terms that run. $1 case
SELECT id, rule, main, began_on - date '1970-01-01', began_minute, n, extension, returned_days,
    due - date '1970-01-01', due_minute, late_after - date '1970-01-01'
FROM case_term WHERE case_id = $1::uuid AND ended_on IS NULL ORDER BY id
