-- The sealer looks at a row once. Ids come from one sequence: when every id from the mark to X has a sealed row, nothing
-- can come below X any more, and the mark may stand at X at once. Before, the mark stayed three to eight seconds behind
-- and each second all rows above it were looked up again. Where an id is missing (a transaction under way or undone) the
-- old way goes on until that has ended, and then the mark follows what is sealed without a hole.
CREATE OR REPLACE FUNCTION audit_seal_rows(most integer, again boolean) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    mark audit_mark;
    last bigint;
    dense bigint;
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
    ), ranked AS (
        SELECT id, row_number() OVER (ORDER BY id) AS place FROM open WHERE NOT again
    )
    SELECT (SELECT count(*) FROM linked), (SELECT max(id) FROM ranked WHERE id = mark.settled + place)
    INTO done, dense;
    -- The pause covers a writer that has its id but no transaction number yet.
    IF done < most AND mark.next > mark.settled AND ended >= mark.next_xmax
        AND stamp > mark.next_at + interval '3 seconds' THEN
        SELECT coalesce(max(s.audit_id), mark.next) INTO dense FROM (
            SELECT audit_id, row_number() OVER (ORDER BY audit_id) AS place FROM audit_seal
            WHERE audit_id > mark.next) s
        WHERE s.audit_id = mark.next + s.place;
        UPDATE audit_mark SET settled = dense, next = last, next_xmax = begun, next_at = stamp;
    ELSIF mark.next <= greatest(mark.settled, dense) THEN
        UPDATE audit_mark SET settled = greatest(settled, dense), next = last, next_xmax = begun, next_at = stamp;
    ELSIF dense > mark.settled THEN
        UPDATE audit_mark SET settled = dense;
    END IF;
    RETURN done;
END $$;

-- As 0006 did for the others: time zones make extract() stable to the planner, and a function that claims more than its
-- parts is not put into the statement but started anew for every row.
ALTER FUNCTION audit_us(timestamptz) STABLE;
