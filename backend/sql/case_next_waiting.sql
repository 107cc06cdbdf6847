-- Who is next for a place that was let go. $1 case that lets it go
SELECT n.id FROM casefile c JOIN casefile n ON n.institution = c.institution AND n.service = c.service
WHERE c.id = $1::uuid AND n.state = 'waiting' AND n.closed_at IS NULL AND n.id <> c.id
    AND n.facts ->> 'case.place_free' IS DISTINCT FROM 'true'
ORDER BY n.registered_at, n.id LIMIT 1 FOR UPDATE OF n
