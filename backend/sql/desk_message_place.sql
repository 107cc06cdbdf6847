-- The case that a message belongs to: whose step owed it, else that of its request. $1 message
SELECT c.id, c.institution, c.department FROM (
    SELECT request_id, step FROM owed_message WHERE closed_at IS NULL AND id = $1::bigint UNION ALL
    SELECT request_id, step FROM owed_message WHERE closed_at IS NOT NULL AND id = $1
) m
JOIN LATERAL (
    SELECT * FROM casefile WHERE id = m.request_id UNION ALL
    SELECT * FROM casefile WHERE request_id = m.request_id AND id <> m.request_id
) c ON true
ORDER BY starts_with(m.step, c.id::text) DESC, c.id = m.request_id DESC LIMIT 1
