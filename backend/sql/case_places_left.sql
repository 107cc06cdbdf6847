-- Places promised or given, and whether somebody waits before this case. $1 case $2 institution $3 service
SELECT (SELECT count(*) FROM casefile o WHERE o.institution = $2 AND o.service = $3 AND o.closed_at IS NULL
        AND o.id <> $1::uuid AND (o.state IN ('decided', 'issued')
            OR o.state = 'waiting' AND o.facts ->> 'case.place_free' = 'true')),
    EXISTS (SELECT FROM casefile o LEFT JOIN casefile c ON c.id = $1
        WHERE o.institution = $2 AND o.service = $3 AND o.closed_at IS NULL AND o.state = 'waiting' AND o.id <> $1
        AND (c.state IS DISTINCT FROM 'waiting' OR (o.registered_at, o.id) < (c.registered_at, c.id)))
