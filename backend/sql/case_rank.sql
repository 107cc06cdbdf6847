-- The place on the waiting list, in the order in which places are offered (case_next_waiting). $1 case
SELECT 1 + count(n.id) FROM casefile c LEFT JOIN casefile n ON n.institution = c.institution AND n.service = c.service
    AND n.state = 'waiting' AND n.closed_at IS NULL AND (n.registered_at, n.id) < (c.registered_at, c.id)
WHERE c.id = $1::uuid
