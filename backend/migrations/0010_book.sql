-- The book: what is written stays, a closed year takes no number, a day's page is chained to the one before.
ALTER TABLE register_entry
    ADD COLUMN corrects_year smallint,      -- null: the year of the correction itself
    ADD COLUMN reason text;                 -- of a correction

-- The number is refused by the row that gives it: nothing is asked of the intake, nothing can slip through.
ALTER TABLE register_counter
    ADD COLUMN closed_n integer,
    ADD CONSTRAINT register_year_closed CHECK (n <= closed_n);

CREATE FUNCTION book_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON register_entry FOR EACH ROW EXECUTE FUNCTION book_refuse();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON register_entry FOR EACH STATEMENT EXECUTE FUNCTION book_refuse();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON register_day FOR EACH ROW EXECUTE FUNCTION book_refuse();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON register_day FOR EACH STATEMENT EXECUTE FUNCTION book_refuse();
CREATE TRIGGER keep BEFORE DELETE ON register_year FOR EACH ROW EXECUTE FUNCTION book_refuse();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON register_year FOR EACH STATEMENT EXECUTE FUNCTION book_refuse();
CREATE TRIGGER keep_closed BEFORE UPDATE ON register_year FOR EACH ROW
    WHEN (OLD.closed_at IS NOT NULL AND (OLD.close_document IS NOT NULL
        OR (NEW.institution, NEW.register, NEW.year, NEW.opened_at, NEW.opened_by, NEW.closed_at, NEW.closed_by,
            NEW.last_n) IS DISTINCT FROM (OLD.institution, OLD.register, OLD.year, OLD.opened_at, OLD.opened_by,
            OLD.closed_at, OLD.closed_by, OLD.last_n)))
    EXECUTE FUNCTION book_refuse();

CREATE FUNCTION book_date(at timestamptz) RETURNS date LANGUAGE sql STABLE AS
    $$SELECT (at AT TIME ZONE 'Europe/Bucharest')::date$$;
CREATE FUNCTION book_days(day date) RETURNS text LANGUAGE sql STABLE AS
    $$SELECT (day - date '1970-01-01')::text$$;

-- Every numbered line with its canonical form (netstrings, see 0004). Of a request the sum of its bytes, not the
-- bytes: they may be wiped one day, the line stays. backend/book_verify.c builds it again.
CREATE VIEW register_line AS
SELECT institution, register, year, n, registered_at AS at,
    convert_to(audit_part('R') || audit_part(n::text) || audit_part(audit_us(registered_at)) ||
        audit_part(audit_us(filed_at)) || audit_part(book_days(filed_on)) || audit_part(book_days(due)) ||
        audit_part(offline::text) || audit_part(request_id::text) || audit_part(receipt_code) ||
        audit_part(terminal) || audit_part(service) || audit_part(service_version::text) || audit_part(channel) ||
        audit_part(lang) || audit_part(encode(sha256, 'hex')), 'UTF8') AS line
FROM request
UNION ALL
SELECT institution, register, year, n, at,
    convert_to(audit_part('E') || audit_part(n::text) || audit_part(audit_us(at)) || audit_part(direction) ||
        audit_part(by) || audit_part(department) || audit_part(correspondent) || audit_part(subject) ||
        audit_part(book_days(paper_on)) || audit_part(paper_number) || audit_part(case_id::text) ||
        audit_part(document::text) || audit_part(corrects::text) || audit_part(corrects_year::text) ||
        audit_part(reason), 'UTF8')
FROM register_entry;

-- Seals the pages before `today` of one book and year. A page is a run of numbers: one that was taken while midnight
-- passed stands with its neighbours. The share lock waits for writers that hold a number of this book.
CREATE FUNCTION book_seal(of_institution text, of_register text, of_year integer, today date, stamp timestamptz)
RETURNS TABLE (pages integer, gap integer) LANGUAGE plpgsql AS $$
DECLARE
    top integer;
    done integer;
    before bytea;
    page record;
BEGIN
    pages := 0;
    SELECT c.n INTO top FROM register_counter c
        WHERE c.institution = of_institution AND c.register = of_register AND c.year = of_year FOR SHARE;
    SELECT d.hash INTO before FROM register_day d
        WHERE d.institution = of_institution AND d.register = of_register ORDER BY d.day DESC LIMIT 1;
    SELECT coalesce(max(d.last_n), 0) INTO done FROM register_day d
        WHERE d.institution = of_institution AND d.register = of_register
            AND d.day BETWEEN make_date(of_year, 1, 1) AND make_date(of_year, 12, 31);
    before := coalesce(before, sha256(convert_to('pridvor book ' || of_institution || ' ' || of_register, 'UTF8')));
    FOR page IN
        WITH placed AS (
            SELECT l.n, l.line, min(book_date(l.at)) OVER (ORDER BY l.n DESC) AS day FROM register_line l
            WHERE l.institution = of_institution AND l.register = of_register AND l.year = of_year AND l.n > done
        )
        SELECT p.day, min(p.n) AS first, max(p.n) AS last, count(*) AS lines, string_agg(p.line, '' ORDER BY p.n) AS body
        FROM placed p WHERE p.day < today GROUP BY p.day ORDER BY p.day
    LOOP
        IF page.first <> done + 1 OR page.lines <> page.last - page.first + 1 OR page.last > top THEN
            gap := done + 1;
            RETURN NEXT;
            RETURN;
        END IF;
        before := sha256(before || convert_to(audit_part(of_institution) || audit_part(of_register) ||
            audit_part(of_year::text) || audit_part(book_days(page.day)) || audit_part(page.first::text) ||
            audit_part(page.last::text) || audit_part(audit_us(stamp)), 'UTF8') || page.body);
        INSERT INTO register_day (institution, register, day, first_n, last_n, hash, sealed_at)
            VALUES (of_institution, of_register, page.day, page.first, page.last, before, stamp);
        done := page.last;
        pages := pages + 1;
    END LOOP;
    RETURN NEXT;
END $$;
