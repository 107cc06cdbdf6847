-- A file goes in two steps: an act lets go of it, and a sweep that holds the row looks who else names it, then takes the
-- bytes off the disk and says so.
ALTER TABLE blob
    ADD COLUMN leaving_at timestamptz,      -- let go of; the sweep has not come yet
    ADD COLUMN wanted_at timestamptz;       -- somebody was bringing it, without a row that names it yet
CREATE INDEX blob_leaving ON blob (leaving_at) WHERE leaving_at IS NOT NULL;
