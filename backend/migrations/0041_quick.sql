-- What each call of the desk asks. Institutions and declared holidays hardly ever change: whoever keeps them in memory
-- asks only whether this number is still the one.
CREATE TABLE house_version (n bigint NOT NULL);
INSERT INTO house_version VALUES (1);
CREATE FUNCTION house_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE house_version SET n = n + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER house_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON institution
    FOR EACH STATEMENT EXECUTE FUNCTION house_changed();
CREATE TRIGGER house_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON holiday
    FOR EACH STATEMENT EXECUTE FUNCTION house_changed();
CREATE INDEX delegation_to ON delegation (to_account, to_day) WHERE ended_at IS NULL;
-- Counts of the desk over many houses: each finds what it counts, and nothing else.
CREATE INDEX casefile_free ON casefile (institution, state) WHERE closed_at IS NULL AND assignee IS NULL;
CREATE INDEX casefile_late ON casefile (institution, late_after, state) WHERE closed_at IS NULL;
CREATE INDEX case_task_of ON case_task (assignee) WHERE done_at IS NULL AND assignee IS NOT NULL;
