-- Tasks that have the term of their case, notices that hang as long as a term runs. $1 case
WITH notices AS (
    UPDATE notice n SET to_day = greatest(n.from_day, m.due)
    FROM case_term m
    WHERE n.case_id = $1::uuid AND n.taken_down_at IS NULL AND m.case_id = n.case_id AND m.id = n.term AND m.ended_on IS NULL
)
UPDATE case_task t SET due = m.due, late_after = m.late_after, why = m.why, calc = m.calc
FROM case_term m
WHERE t.case_id = $1 AND t.rule = 'case' AND t.done_at IS NULL AND m.case_id = t.case_id AND m.main AND m.ended_on IS NULL
