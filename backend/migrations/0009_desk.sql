-- Queues of the desk: pages by key over what is open in one institution; a case without a date comes last.
DROP INDEX casefile_due;
CREATE INDEX casefile_due ON casefile (institution, (coalesce(due, 'infinity'::date)), id) WHERE closed_at IS NULL;
CREATE INDEX casefile_open ON casefile (institution, registered_at, id) WHERE closed_at IS NULL;
CREATE INDEX casefile_number ON casefile (institution, (year::bigint << 32 | n), id) WHERE closed_at IS NULL;
