-- The case that a message belongs to. $1 message
SELECT c.id, c.institution, c.department FROM owed_message m
JOIN LATERAL (
    SELECT * FROM casefile WHERE id = m.request_id UNION ALL
    SELECT * FROM casefile WHERE request_id = m.request_id AND id <> m.request_id
) c ON true WHERE m.id = $1::bigint LIMIT 1
