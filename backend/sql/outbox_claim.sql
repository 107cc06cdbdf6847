-- Takes due messages of one way for this process, oldest first. $1 way $2 how many $3 claim
WITH due AS MATERIALIZED (
    SELECT id FROM owed_message
    WHERE closed_at IS NULL AND state = 'queued' AND way = $1 AND due_at <= now()
    ORDER BY id LIMIT $2::int FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE owed_message m SET state = 'sending', claim = $3::int, changed_at = now()
    FROM due d WHERE m.id = d.id AND m.closed_at IS NULL
    RETURNING m.id, m.request_id, m.message, m.lang, m.recipient, m.tries, m.vars, m.step, m.created_at
)
SELECT t.id, t.message, t.lang, t.recipient, t.tries, t.vars, (extract(epoch FROM t.created_at) * 1000)::bigint,
    r.n, (extract(epoch FROM r.registered_at) * 1000)::bigint, r.filed_on - date '1970-01-01',
    r.due - date '1970-01-01', r.service, r.service_version, r.institution, r.receipt_code, r.register
FROM taken t LEFT JOIN request r USING (request_id) ORDER BY t.id
