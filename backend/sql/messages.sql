-- Messages for the administrator, no names or addresses. $1 state, or '': all that a clerk has to look at
SELECT id, request_id, way, message, state, tries, coalesce(reply, 0), to_char(changed_at, 'YYYY-MM-DD HH24:MI:SS'),
    coalesce(detail, ''), to_char(due_at, 'YYYY-MM-DD HH24:MI:SS')
FROM (
    SELECT * FROM owed_message WHERE $1 = '' AND attention
    UNION ALL
    SELECT * FROM owed_message WHERE $1 IN ('queued', 'sending', 'handing') AND closed_at IS NULL AND state = $1
    UNION ALL
    SELECT * FROM owed_message WHERE $1 IN ('failed', 'unknown') AND attention AND state = $1
    UNION ALL
    SELECT * FROM owed_message WHERE $1 IN ('sent', 'fell_back') AND closed_at IS NOT NULL AND state = $1
) m ORDER BY id DESC LIMIT 1000
