-- Open cases that one answer answers, those that were connexed to connexed ones among them. $1 case
WITH RECURSIVE kin AS (
    SELECT $1::uuid AS id
    UNION
    SELECT CASE WHEN l.case_id = k.id THEN l.other ELSE l.case_id END
    FROM kin k JOIN case_link l ON (l.case_id = k.id OR l.other = k.id) AND l.kind IN ('connexed', 'merged')
)
SELECT c.id FROM kin JOIN casefile c USING (id)
WHERE c.id <> $1 AND c.closed_at IS NULL AND c.state IN ('registered', 'in_work', 'returned', 'decided')
ORDER BY c.id
