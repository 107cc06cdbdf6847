-- Messages to the applicant, none to a clerk or an office. $1 case $2 request, or null $3 e-mail $4 telephone of the case
SELECT m.way, m.state, (extract(epoch FROM coalesce(m.closed_at, m.created_at)) * 1000)::bigint, m.recipient,
    m.delivered_at IS NOT NULL
FROM (
    SELECT id, way, state, closed_at, created_at, recipient, delivered_at, message FROM owed_message
    WHERE closed_at IS NULL AND request_id IN ($1::uuid, $2::uuid)
    UNION ALL
    SELECT id, way, state, closed_at, created_at, recipient, delivered_at, message FROM owed_message
    WHERE closed_at IS NOT NULL AND request_id IN ($1, $2)
) m
WHERE m.message NOT LIKE 'staff%' AND m.recipient IN ($3, $4) ORDER BY m.id LIMIT 60
