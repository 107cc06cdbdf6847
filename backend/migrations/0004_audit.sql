-- The audit as a chain per institution ('' for what belongs to none). Who writes the audit only inserts; the sealer
-- follows within seconds and gives each row its place and its hash. Both tables are only ever added to.
ALTER TABLE audit ADD PRIMARY KEY (id);

-- hash = SHA-256(hash before || canonical row). The first of a chain follows SHA-256('pridvor audit ' || institution).
CREATE TABLE audit_seal (
    audit_id bigint PRIMARY KEY,
    seq bigint NOT NULL, -- from 1, no gap
    sealed_at timestamptz NOT NULL,
    institution text COLLATE "C" NOT NULL,
    hash bytea NOT NULL
);
CREATE TABLE audit_head (
    institution text COLLATE "C" PRIMARY KEY,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamptz NOT NULL
) WITH (fillfactor = 20);
-- Rows up to `settled` are all sealed. `next` becomes settled when every transaction that may still hold such an id
-- has ended.
CREATE TABLE audit_mark (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    settled bigint NOT NULL DEFAULT 0,
    next bigint NOT NULL DEFAULT 0,
    next_xmax xid8 NOT NULL DEFAULT '0',
    next_at timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 20);
INSERT INTO audit_mark DEFAULT VALUES;

-- Netstrings, "-" for null, numbers in decimal, times in microseconds since 1970: one text for one row, no other row
-- gives the same. backend/audit_verify.c builds it again.
CREATE FUNCTION audit_part(part text) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$SELECT coalesce(octet_length(part) || ':' || part, '-') || ','$$;
CREATE FUNCTION audit_us(t timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$SELECT (extract(epoch FROM t) * 1000000)::bigint::text$$;
CREATE FUNCTION audit_canonical(seq bigint, sealed_at timestamptz, a audit) RETURNS bytea LANGUAGE sql IMMUTABLE AS
    $$SELECT convert_to(audit_part(seq::text) || audit_part(audit_us(sealed_at)) || audit_part(a.id::text) ||
        audit_part(audit_us(a.at)) || audit_part(a.request_id::text) || audit_part(a.institution) ||
        audit_part(a.actor) || audit_part(a.act) || audit_part(a.detail), 'UTF8')$$;
CREATE FUNCTION audit_begin(institution text) RETURNS bytea LANGUAGE sql IMMUTABLE AS
    $$SELECT sha256(convert_to('pridvor audit ' || institution, 'UTF8'))$$;
CREATE FUNCTION audit_link(so_far bytea, before bytea, line bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS
    $$BEGIN RETURN sha256(coalesce(so_far, before) || line); END$$;
CREATE AGGREGATE audit_chain(before bytea, line bytea) (sfunc = audit_link, stype = bytea);

-- Seals up to `most` rows in the order of their ids. Returns how many, -1 when another process is at it. With `again`
-- it looks below the mark, too.
CREATE FUNCTION audit_seal_rows(most integer, again boolean) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    mark audit_mark;
    last bigint;
    ended xid8;
    begun xid8;
    done integer;
    stamp timestamptz := clock_timestamp();
BEGIN
    IF NOT pg_try_advisory_xact_lock(7210042) THEN
        RETURN -1;
    END IF;
    SELECT * INTO mark FROM audit_mark;
    SELECT coalesce(max(id), 0) INTO last FROM audit;
    IF mark.settled >= last AND NOT again THEN
        RETURN 0;
    END IF;
    ended := pg_snapshot_xmin(pg_current_snapshot());
    begun := pg_snapshot_xmax(pg_current_snapshot());
    WITH open AS MATERIALIZED (
        SELECT a AS line, a.id, coalesce(a.institution, '') AS book FROM audit a
        WHERE (again OR a.id > mark.settled) AND NOT EXISTS (SELECT FROM audit_seal s WHERE s.audit_id = a.id)
        ORDER BY a.id LIMIT most
    ), placed AS (
        SELECT o.line, o.id, o.book, coalesce(h.hash, audit_begin(o.book)) AS before,
            coalesce(h.seq, 0) + row_number() OVER (PARTITION BY o.book ORDER BY o.id) AS seq
        FROM open o LEFT JOIN audit_head h ON h.institution = o.book
    ), linked AS MATERIALIZED (
        SELECT id, book, seq,
            audit_chain(before, audit_canonical(seq, stamp, line)) OVER (PARTITION BY book ORDER BY id) AS hash
        FROM placed
    ), put AS (
        INSERT INTO audit_seal (audit_id, seq, sealed_at, institution, hash)
        SELECT id, seq, stamp, book, hash FROM linked ORDER BY id
    ), top AS (
        INSERT INTO audit_head AS h (institution, seq, hash, sealed_at)
        SELECT DISTINCT ON (book) book, seq, hash, stamp FROM linked ORDER BY book, seq DESC
        ON CONFLICT (institution) DO UPDATE SET seq = excluded.seq, hash = excluded.hash,
            sealed_at = excluded.sealed_at
    )
    SELECT count(*) INTO done FROM linked;
    -- The pause covers a writer that has its id but no transaction number yet.
    IF done < most AND mark.next > mark.settled AND ended >= mark.next_xmax
        AND stamp > mark.next_at + interval '3 seconds' THEN
        UPDATE audit_mark SET settled = mark.next, next = last, next_xmax = begun, next_at = stamp;
    ELSIF mark.next <= mark.settled THEN
        UPDATE audit_mark SET next = last, next_xmax = begun, next_at = stamp;
    END IF;
    RETURN done;
END $$;
