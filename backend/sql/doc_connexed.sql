-- The others that this answer answers: what is decided has an answer of its own (case_link.c). $1 case
WITH RECURSIVE kin AS (
    SELECT $1::uuid AS id
    UNION
    SELECT CASE WHEN l.case_id = k.id THEN l.other ELSE l.case_id END
    FROM kin k JOIN case_link l ON (l.case_id = k.id OR l.other = k.id) AND l.kind IN ('connexed', 'merged')
)
SELECT c.register, c.n, (extract(epoch FROM c.registered_at) * 1000)::bigint
FROM kin JOIN casefile c USING (id)
WHERE c.id <> $1 AND c.state IN ('registered', 'in_work', 'returned', 'answered')
ORDER BY c.year, c.n
