-- Registers requests of which none is here yet; when one is, the statement fails as a whole and intake_batch.sql decides.
-- Without the look-ups for repeats a batch costs PostgreSQL a quarter of what it did before its first row is written.
-- Rows come sorted by book, the books in order: two processes that hold books of each other would wait for ever.
-- $1..$17 as in intake_batch.sql $18 registered_at $19 year; of each book $20 institution $21 register $22 how many rows;
-- $23 of each row how many follow in its book; of each message $24 request_id $25 way $26 lang $27 recipient;
-- $28 mac of the audit's row
WITH book AS (
    INSERT INTO register_counter AS c (institution, register, year, n)
    SELECT b.institution, b.register, $19::int, b.n
    FROM unnest($20::text[], $21::text[], $22::int[]) AS b (institution, register, n)
    ON CONFLICT (institution, register, year) DO UPDATE SET n = c.n + excluded.n
    RETURNING institution, register, n
), put AS (
    INSERT INTO request (request_id, registered_at, filed_at, n, service_version, filed_on, due, year,
        offline, institution, register, receipt_code, terminal, service, channel, lang, pin_verifier, sha256, request,
        signature)
    SELECT ($1::uuid[])[ord], $18::timestamptz, ($14::timestamptz[])[ord], b.n - ($23::int[])[ord], ($6::int[])[ord],
        ($16::date[])[ord], ($17::date[])[ord], $19, ($15::bool[])[ord], b.institution, b.register,
        ($9::text[])[ord], ($4::text[])[ord], ($5::text[])[ord], ($7::text[])[ord], ($8::text[])[ord],
        ($10::bytea[])[ord], ($11::bytea[])[ord], ($12::bytea[])[ord], ($13::bytea[])[ord]
    FROM generate_series(1, cardinality($1::uuid[])) AS ord
    JOIN book b ON b.institution = ($2::text[])[ord] AND b.register = ($3::text[])[ord]
), log AS (
    INSERT INTO audit (at, request_id, institution, actor, act, mac)
    SELECT $18::timestamptz, a.request_id, a.institution, a.actor, 'registered', a.mac
    FROM unnest($1::uuid[], $2::text[], $4::text[], $28::bytea[]) AS a (request_id, institution, actor, mac)
), owed AS (
    INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, recipient)
    SELECT $18::timestamptz, $18::timestamptz, m.request_id, m.way, 'received', m.lang, m.recipient
    FROM unnest($24::uuid[], $25::text[], $26::text[], $27::text[]) AS m (request_id, way, lang, recipient)
)
SELECT institution, register, n FROM book
