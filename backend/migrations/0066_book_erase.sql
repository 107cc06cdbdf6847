-- A line of the book can lose its personal words and its page still holds. GDPR art. 17(3)(b), (d) and Legea 16/1996 keep
-- number, day, direction, office and case; sender, subject, the paper's own number and the reason of a correction may go
-- when the term of the case is over. So the page takes a salted digest of each of the four instead of the text (version 2
-- of a line, letter E2); whoever has the digest without the salt cannot try names. What stands on a sealed page is of
-- version 1 and stays: its text itself is in the hash.
ALTER TABLE register_entry
    ADD COLUMN salt bytea,                  -- 32 bytes; null: version 1, or erased
    ADD COLUMN correspondent_sum bytea,     -- of an erased line, what its page was made of
    ADD COLUMN subject_sum bytea,           -- not null: erased
    ADD COLUMN paper_number_sum bytea,
    ADD COLUMN reason_sum bytea,
    ADD COLUMN erased_at timestamptz,
    ADD COLUMN erasure integer;             -- of the institution
-- Of 244 random bits; older rows have none, because the default comes after the column.
ALTER TABLE register_entry
    ALTER COLUMN salt SET DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());

-- Each erasure with its minutes, so that a blank line has something that it can be led back to.
CREATE TABLE erasure (
    institution text COLLATE "C" NOT NULL,
    n integer NOT NULL,                     -- 1, 2, 3; printed on the minutes
    at timestamptz NOT NULL,
    by text COLLATE "C" NOT NULL,
    document uuid NOT NULL,
    PRIMARY KEY (institution, n)
);
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON erasure FOR EACH ROW EXECUTE FUNCTION book_refuse();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON erasure FOR EACH STATEMENT EXECUTE FUNCTION book_refuse();
ALTER TABLE casefile ADD COLUMN erasure integer;

CREATE FUNCTION book_sum(salt bytea, member text, value text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN value IS NOT NULL
        THEN sha256(salt || convert_to(audit_part(member) || audit_part(value), 'UTF8')) END
$$;
-- As it stands in the line: kept digest, digest, or (version 1) the text.
CREATE FUNCTION book_member(kept bytea, salt bytea, member text, value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT audit_part(CASE WHEN kept IS NOT NULL THEN encode(kept, 'hex') WHEN salt IS NULL THEN value
        ELSE encode(book_sum(salt, member, value), 'hex') END)
$$;

-- The one change that a line may see: who erases says when and by which erasure, the row does the rest itself.
CREATE FUNCTION book_entry_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    e register_entry := OLD;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.salt IS NOT NULL AND OLD.subject_sum IS NULL
        AND NEW.erased_at IS NOT NULL AND NEW.erasure IS NOT NULL THEN
        e.erased_at := NEW.erased_at;
        e.erasure := NEW.erasure;
        IF e IS NOT DISTINCT FROM NEW THEN
            e.correspondent_sum := book_sum(OLD.salt, 'correspondent', OLD.correspondent);
            e.subject_sum := book_sum(OLD.salt, 'subject', OLD.subject);
            e.paper_number_sum := book_sum(OLD.salt, 'paper_number', OLD.paper_number);
            e.reason_sum := book_sum(OLD.salt, 'reason', OLD.reason);
            e.salt := NULL;
            e.correspondent := '';
            e.subject := '';
            e.paper_number := NULL;
            e.reason := NULL;
            RETURN e;
        END IF;
    END IF;
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

DROP TRIGGER keep ON register_entry;
-- What waits for its page is of version 2 already.
UPDATE register_entry e SET salt = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
WHERE NOT EXISTS (SELECT FROM register_day d WHERE d.institution = e.institution AND d.register = e.register
    AND extract(year FROM d.day) = e.year AND e.n BETWEEN d.first_n AND d.last_n);
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON register_entry FOR EACH ROW EXECUTE FUNCTION book_entry_keep();

-- As in 0010, with the lines of version 2. docs/VERIFY.md says it in words, backend/book_verify.c builds it again.
CREATE OR REPLACE VIEW register_line AS
SELECT institution, register, year, n, registered_at AS at,
    convert_to(audit_part('R') || audit_part(n::text) || audit_part(audit_us(registered_at)) ||
        audit_part(audit_us(filed_at)) || audit_part(book_days(filed_on)) || audit_part(book_days(due)) ||
        audit_part(offline::text) || audit_part(request_id::text) || audit_part(receipt_code) ||
        audit_part(terminal) || audit_part(service) || audit_part(service_version::text) || audit_part(channel) ||
        audit_part(lang) || audit_part(encode(sha256, 'hex')), 'UTF8') AS line
FROM request
UNION ALL
SELECT institution, register, year, n, at,
    convert_to(audit_part(CASE WHEN salt IS NULL AND subject_sum IS NULL THEN 'E' ELSE 'E2' END) ||
        audit_part(n::text) || audit_part(audit_us(at)) || audit_part(direction) || audit_part(by) ||
        audit_part(department) || book_member(correspondent_sum, salt, 'correspondent', correspondent) ||
        book_member(subject_sum, salt, 'subject', subject) || audit_part(book_days(paper_on)) ||
        book_member(paper_number_sum, salt, 'paper_number', paper_number) || audit_part(case_id::text) ||
        audit_part(document::text) || audit_part(corrects::text) || audit_part(corrects_year::text) ||
        book_member(reason_sum, salt, 'reason', reason), 'UTF8')
FROM register_entry;
