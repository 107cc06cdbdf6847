-- The delivery of one request's messages, for its case page. $1 request_id
SELECT id, way, message, state, tries, coalesce(reply, 0), created_at, changed_at, delivered_at, detail, attention
FROM owed_message WHERE closed_at IS NULL AND request_id = $1::uuid
UNION ALL
SELECT id, way, message, state, tries, coalesce(reply, 0), created_at, changed_at, delivered_at, detail, attention
FROM owed_message WHERE closed_at IS NOT NULL AND request_id = $1::uuid
ORDER BY 1
