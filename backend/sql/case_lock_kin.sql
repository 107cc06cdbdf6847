-- Before an act: the case, those that its answer answers, and the one that is named, always in the same order, so that
-- nobody waits for who waits for them. $1 case $2 another or null
WITH RECURSIVE kin AS (
    SELECT x AS id FROM unnest(ARRAY[$1::uuid, $2::uuid]) x WHERE x IS NOT NULL
    UNION
    SELECT CASE WHEN l.case_id = k.id THEN l.other ELSE l.case_id END
    FROM kin k JOIN case_link l ON (l.case_id = k.id OR l.other = k.id) AND l.kind IN ('connexed', 'merged')
)
SELECT id FROM casefile WHERE id IN (SELECT id FROM kin) ORDER BY id FOR UPDATE
