-- intake_batch.sql for a request that waits alone; the same parameters, each one value. It waits for the disk itself.
WITH old AS MATERIALIZED (
    SELECT institution, register, sha256, receipt_code, registered_at, filed_on, due, n FROM request
    WHERE request_id = $1::uuid
), book AS (
    INSERT INTO register_counter AS c (institution, register, year, n)
    SELECT $2::text, $3::text, $22::int, 1 WHERE NOT EXISTS (SELECT FROM old)
    ON CONFLICT (institution, register, year) DO UPDATE SET n = c.n + 1
    RETURNING n
), put AS (
    INSERT INTO request (request_id, registered_at, filed_at, n, service_version, filed_on, due, year,
        offline, institution, register, receipt_code, terminal, service, channel, lang, pin_verifier, sha256, request,
        signature)
    SELECT $1, $21::timestamptz, $14::timestamptz, b.n, $6::int, $16::date, $17::date, $22, $15::bool, $2, $3,
        $9::text, $4::text, $5::text, $7::text, $8::text, $10::bytea, $11::bytea, $12::bytea, $13::bytea
    FROM book b
    RETURNING n
), log AS (
    INSERT INTO audit (at, request_id, institution, actor, act, mac)
    SELECT $21, $1, $2, $4, 'registered', $23::bytea FROM book
), owed AS (
    INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, recipient)
    SELECT $21, $21, $1, w.way, 'received', $8, w.recipient
    FROM book CROSS JOIN (VALUES ('email', $18::text), ('sms', $19::text)) AS w (way, recipient)
    WHERE w.recipient IS NOT NULL
), again AS (
    INSERT INTO request_repeat AS r (request_id, times, last_at)
    SELECT $1, $20::int - (NOT EXISTS (SELECT FROM old))::int, $21 WHERE EXISTS (SELECT FROM old) OR $20 > 1
    ON CONFLICT (request_id) DO UPDATE SET times = r.times + excluded.times, last_at = excluded.last_at
)
SELECT 1, n, 'new', NULL, NULL, NULL, NULL, set_config('synchronous_commit', 'on', true) FROM put
UNION ALL
SELECT 1, n,
    CASE WHEN sha256 = $11 AND receipt_code = $9 AND institution = $2 THEN 'repeat' ELSE 'conflict' END,
    (extract(epoch FROM registered_at) * 1000)::bigint, filed_on - date '1970-01-01', due - date '1970-01-01',
    register, set_config('synchronous_commit', 'on', true)
FROM old
