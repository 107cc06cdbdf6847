-- The case itself and those that one answer may answer with it: of the same kind; as whose they were answered, as it was
-- printed then (case_link.c). $1 case
WITH RECURSIVE kin AS (
    SELECT $1::uuid AS id
    UNION
    SELECT CASE WHEN l.case_id = k.id THEN l.other ELSE l.case_id END
    FROM kin k JOIN case_link l ON (l.case_id = k.id OR l.other = k.id) AND l.kind IN ('connexed', 'merged')
)
SELECT c.register, c.n, (extract(epoch FROM c.registered_at) * 1000)::bigint, c.id = $1, c.state,
    (SELECT v.given->>'case_number' FROM case_event v WHERE v.case_id = c.id AND v.act = 'answered_with'
        ORDER BY v.id DESC LIMIT 1)
FROM kin JOIN casefile c USING (id) JOIN casefile m ON m.id = $1
WHERE c.workflow = m.workflow AND c.service = m.service
ORDER BY c.id <> $1, c.year, c.n
