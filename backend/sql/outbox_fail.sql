-- A message that failed for good: the other way takes over where there is an address and nothing went that way
-- yet. $1 id $2 reply $3 detail $4 claim, or null: a report of the gateway about a message that was sent
WITH it AS MATERIALIZED (
    SELECT id, request_id, message, step, way, lang, vars, fallback, fell_from FROM owed_message
    WHERE id = $1::bigint AND closed_at IS NULL AND claim = $4::int AND state IN ('sending', 'handing')
    UNION ALL
    SELECT id, request_id, message, step, way, lang, vars, fallback, fell_from FROM owed_message
    WHERE id = $1::bigint AND closed_at IS NOT NULL AND state IN ('sent', 'unknown')
        AND ($4::int IS NULL OR (state = 'unknown' AND claim = $4::int))
), near AS MATERIALIZED (
    SELECT m.* FROM owed_message m, it WHERE m.closed_at IS NULL AND m.request_id = it.request_id
    UNION ALL
    SELECT m.* FROM owed_message m, it WHERE m.closed_at IS NOT NULL AND m.request_id = it.request_id
), other AS MATERIALIZED (
    SELECT it.*, CASE way WHEN 'email' THEN 'sms' ELSE 'email' END AS other_way,
        coalesce(fallback, (SELECT recipient FROM near n WHERE n.way <> it.way ORDER BY n.id LIMIT 1)) AS address,
        (SELECT n.state FROM near n WHERE n.way <> it.way AND n.message = it.message AND n.step = it.step
            LIMIT 1) AS there
    FROM it
), fall AS (
    INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, recipient, step, vars, fell_from)
    SELECT now(), now(), request_id, other_way, message, lang, address, step, vars, id FROM other
    WHERE fell_from IS NULL AND there IS NULL AND address IS NOT NULL
    RETURNING fell_from
), verdict AS (
    SELECT id, EXISTS (SELECT FROM fall) OR coalesce(there IN ('queued', 'sending', 'handing', 'sent'), false)
        AS carried FROM other
), open AS (
    UPDATE owed_message m SET state = CASE WHEN v.carried THEN 'fell_back' ELSE 'failed' END,
        attention = NOT v.carried, changed_at = now(), closed_at = now(), reply = $2::int, detail = $3,
        tries = m.tries + 1
    FROM verdict v WHERE m.id = v.id AND m.closed_at IS NULL RETURNING m.state
), closed AS (
    UPDATE owed_message m SET state = CASE WHEN v.carried THEN 'fell_back' ELSE 'failed' END,
        attention = NOT v.carried, changed_at = now(), reply = $2::int, detail = $3
    FROM verdict v WHERE m.id = v.id AND m.closed_at IS NOT NULL RETURNING m.state
)
SELECT state FROM open UNION ALL SELECT state FROM closed
