-- Tasks that have the term of their case. $1 case
UPDATE case_task t SET due = m.due, late_after = m.late_after, why = m.why, calc = m.calc
FROM case_term m
WHERE t.case_id = $1::uuid AND t.rule = 'case' AND t.done_at IS NULL AND m.case_id = t.case_id AND m.main
    AND m.ended_on IS NULL
