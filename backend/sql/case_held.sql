-- Somebody is there again for a case that had nobody; what it asked for before is to be seen again. $1 today $2 roles of casework
WITH @gone@
UPDATE casefile SET attention = @mark_before@ WHERE id IN (
    SELECT c.id FROM casefile c
    WHERE c.attention = 'staff_unheld' AND NOT EXISTS (SELECT FROM gone g WHERE g.name = c.assignee)
        AND (c.assignee IS NULL OR @in_reach@)
    FOR UPDATE SKIP LOCKED)
