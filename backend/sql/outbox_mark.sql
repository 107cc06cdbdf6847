-- Writes what became of messages that this process has; names those that still were its own. A message that
-- another process has given up as unknown takes our word for what it became.
-- $1 ids $2 states $3 replies $4 delay ms of the next try $5 counts as a try $6 details $7 claim
WITH item AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::int[], $4::bigint[], $5::bool[], $6::text[])
        AS t (id, state, reply, delay, tried, detail)
), open AS (
    UPDATE owed_message m SET state = i.state, changed_at = now(), tries = m.tries + i.tried::int,
        reply = i.reply, detail = i.detail, attention = i.state = 'unknown',
        due_at = CASE WHEN i.delay > 0 THEN now() + i.delay * interval '1 millisecond' ELSE m.due_at END,
        closed_at = CASE WHEN i.state IN ('sent', 'unknown') THEN now() END,
        claim = CASE WHEN i.state <> 'queued' THEN m.claim END
    FROM item i
    WHERE m.id = i.id AND m.closed_at IS NULL AND m.claim = $7::int
        AND m.state IN ('sending', 'handing')
    RETURNING m.id
), late AS (
    UPDATE owed_message m SET state = 'sent', changed_at = now(), reply = i.reply, detail = NULL,
        attention = false
    FROM item i
    WHERE m.id = i.id AND m.closed_at IS NOT NULL AND m.claim = $7::int AND m.state = 'unknown'
        AND i.state = 'sent'
    RETURNING m.id
)
SELECT id FROM open UNION ALL SELECT id FROM late
