-- Somebody is there again for a case that had nobody. $1 today
WITH @gone@
UPDATE casefile SET attention = '' WHERE id IN (
    SELECT c.id FROM casefile c
    WHERE c.attention = 'staff_unheld' AND NOT EXISTS (SELECT FROM gone g WHERE g.name = c.assignee)
        AND (c.assignee IS NULL OR @in_reach@)
    FOR UPDATE SKIP LOCKED)
