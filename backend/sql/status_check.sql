-- $1 receipt code $2 verifier of the typed PIN $3 now. Counts before it answers, under the row's lock, so that
-- guesses sent side by side do not get more than five tries an hour. Codes that do not exist leave no row.
WITH r AS (
    SELECT request_id, institution, service, register, n, registered_at, filed_on, due, lang,
        pin_verifier = $2::bytea AS right_pin
    FROM request WHERE receipt_code = $1::text
), t AS (
    INSERT INTO status_try AS t (receipt_code, since, wrong)
    SELECT $1, $3::timestamptz, (NOT right_pin)::int FROM r
    ON CONFLICT (receipt_code) DO UPDATE SET
        wrong = CASE WHEN t.since <= excluded.since - interval '1 hour' THEN excluded.wrong
            WHEN t.wrong >= 5 THEN t.wrong + 1 ELSE t.wrong + excluded.wrong END,
        since = CASE WHEN t.since <= excluded.since - interval '1 hour' OR t.wrong = 0 THEN excluded.since
            ELSE t.since END
    WHERE t.wrong < 30000
    RETURNING wrong, since
)
SELECT CASE WHEN t.wrong > 5 OR t.wrong IS NULL THEN 'locked' WHEN r.right_pin THEN 'ok' ELSE 'wrong' END,
    greatest(5 - t.wrong, 0), (extract(epoch FROM t.since + interval '1 hour') * 1000)::bigint,
    r.institution, r.service, r.n, (extract(epoch FROM r.registered_at) * 1000)::bigint,
    r.filed_on - date '1970-01-01', r.due - date '1970-01-01', r.lang, r.register, r.request_id
FROM r LEFT JOIN t ON true
