-- Registers all requests that wait, in one transaction. One array element per request; ids are distinct.
-- $1 request_id $2 institution $3 register $4 terminal $5 service $6 service_version $7 channel $8 lang
-- $9 receipt_code $10 pin_verifier $11 sha256 $12 request, sealed $13 signature, sealed $14 filed_at $15 offline
-- $16 filed_on $17 due $18 email or null $19 phone or null $20 copies of the same request here $21 registered_at
-- $22 year $23 mac of the audit's row
-- Only what decides walks through the steps; the rest is taken from its array by place where it is written: twenty
-- unnested columns, copied from step to step, would cost more than the tables and their indexes.
WITH item AS MATERIALIZED (
    SELECT ord, ($1::uuid[])[ord] AS request_id, ($2::text[])[ord] AS institution, ($3::text[])[ord] AS register
    FROM generate_series(1, cardinality($1::uuid[])) AS ord
), old AS MATERIALIZED (
    SELECT request_id, institution, register, sha256, receipt_code, registered_at, filed_on, due, n
    FROM request WHERE request_id = ANY ($1)
), fresh AS MATERIALIZED (
    -- Numbers count back from the counter's new value, so that the counter is written once per book.
    SELECT i.*, row_number() OVER (PARTITION BY i.institution, i.register ORDER BY i.ord DESC) AS back
    FROM item i WHERE NOT EXISTS (SELECT FROM old o WHERE o.request_id = i.request_id)
), book AS (
    -- In order: two processes that hold books of each other would wait for ever.
    INSERT INTO register_counter AS c (institution, register, year, n)
    SELECT institution, register, $22::int, count(*) FROM fresh GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (institution, register, year) DO UPDATE SET n = c.n + excluded.n
    RETURNING institution, register, n
), put AS (
    INSERT INTO request (request_id, registered_at, filed_at, n, service_version, filed_on, due, year,
        offline, institution, register, receipt_code, terminal, service, channel, lang, pin_verifier, sha256, request,
        signature)
    SELECT f.request_id, $21::timestamptz, ($14::timestamptz[])[f.ord], b.n - f.back + 1, ($6::int[])[f.ord],
        ($16::date[])[f.ord], ($17::date[])[f.ord], $22::int, ($15::bool[])[f.ord], f.institution, f.register,
        ($9::text[])[f.ord], ($4::text[])[f.ord], ($5::text[])[f.ord], ($7::text[])[f.ord], ($8::text[])[f.ord],
        ($10::bytea[])[f.ord], ($11::bytea[])[f.ord], ($12::bytea[])[f.ord], ($13::bytea[])[f.ord]
    FROM fresh f JOIN book b USING (institution, register)
    RETURNING request_id, n
), log AS (
    INSERT INTO audit (at, request_id, institution, actor, act, mac)
    SELECT $21::timestamptz, request_id, institution, ($4)[ord], 'registered', ($23::bytea[])[ord] FROM fresh ORDER BY ord
), owed AS (
    INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, recipient)
    SELECT $21::timestamptz, $21::timestamptz, f.request_id, w.way, 'received', ($8)[f.ord], w.recipient
    FROM fresh f CROSS JOIN LATERAL (VALUES ('email', ($18::text[])[f.ord]), ('sms', ($19::text[])[f.ord]))
        AS w (way, recipient)
    WHERE w.recipient IS NOT NULL
), again AS (
    INSERT INTO request_repeat AS r (request_id, times, last_at)
    SELECT i.request_id, ($20::int[])[i.ord] - (o.request_id IS NULL)::int, $21::timestamptz
    FROM item i LEFT JOIN old o USING (request_id)
    WHERE o.request_id IS NOT NULL OR ($20)[i.ord] > 1 ORDER BY i.request_id
    ON CONFLICT (request_id) DO UPDATE SET times = r.times + excluded.times, last_at = excluded.last_at
)
SELECT i.ord, p.n, 'new', NULL, NULL, NULL, NULL FROM put p JOIN item i USING (request_id)
UNION ALL
SELECT i.ord, o.n,
    CASE WHEN o.sha256 = ($11)[i.ord] AND o.receipt_code = ($9)[i.ord] AND o.institution = i.institution
        THEN 'repeat' ELSE 'conflict' END,
    (extract(epoch FROM o.registered_at) * 1000)::bigint, o.filed_on - date '1970-01-01',
    o.due - date '1970-01-01', o.register
FROM old o JOIN item i USING (request_id)
