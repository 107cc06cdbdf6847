-- Open cases that one answer answers. $1 case
SELECT c.id FROM case_link l JOIN casefile c ON c.id = CASE WHEN l.case_id = $1::uuid THEN l.other ELSE l.case_id END
WHERE (l.case_id = $1::uuid OR l.other = $1::uuid) AND l.kind IN ('connexed', 'merged') AND c.closed_at IS NULL
    AND c.state IN ('registered', 'in_work', 'returned', 'decided')
ORDER BY c.id
