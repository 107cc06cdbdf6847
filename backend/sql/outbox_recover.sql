-- Messages of processes that are gone. What had not begun to leave waits again; what may have left is unknown: it
-- is not repeated by itself ($2 empty), or goes again under the same name where the receiver knows it ($2: ways).
-- A process that lost only its connection has $1 ms to come back.
WITH held AS MATERIALIZED (
    SELECT objid::bigint AS claim FROM pg_locks
    WHERE locktype = 'advisory' AND classid = 7210042 AND objsubid = 2 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
), lost AS MATERIALIZED (
    SELECT id, state, way = ANY ($2::text[]) AS again FROM owed_message
    WHERE closed_at IS NULL AND state IN ('sending', 'handing')
        AND (state = 'sending' OR changed_at < now() - $1::bigint * interval '1 millisecond')
        AND NOT EXISTS (SELECT FROM held h WHERE h.claim = owed_message.claim)
    ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED
)
UPDATE owed_message m SET changed_at = now(),
    state = CASE WHEN l.state = 'sending' OR l.again THEN 'queued' ELSE 'unknown' END,
    claim = CASE WHEN l.state = 'sending' OR l.again THEN NULL ELSE m.claim END,
    attention = l.state = 'handing' AND NOT l.again,
    detail = CASE WHEN l.state = 'handing' THEN 'the program ended while it was handed over' END,
    closed_at = CASE WHEN l.state = 'handing' AND NOT l.again THEN now() END
FROM lost l WHERE m.id = l.id AND m.closed_at IS NULL
RETURNING m.state
