-- A file goes in two steps: an act lets go of it, and a sweep that holds the row looks who else names it, then takes the
-- bytes off the disk and says so.
ALTER TABLE blob
    ADD COLUMN leaving_at timestamptz,      -- let go of; the sweep has not come yet
    ADD COLUMN wanted_at timestamptz;       -- somebody was bringing it, without a row that names it yet
CREATE INDEX blob_leaving ON blob (leaving_at) WHERE leaving_at IS NOT NULL;

-- A letter that is being written rests sealed, title and text together (backend/sealed.h); registryd seals those from
-- before. What was signed or set aside needs no source any more: its bytes are kept.
ALTER TABLE draft ADD COLUMN sealed bytea, ALTER COLUMN title SET DEFAULT '', ALTER COLUMN body SET DEFAULT '';
ALTER TABLE draft ALTER COLUMN sealed SET STORAGE EXTERNAL;
CREATE INDEX draft_plain ON draft (case_id) WHERE sealed IS NULL AND (title <> '' OR body <> '');
UPDATE document SET source = NULL WHERE source IS NOT NULL AND (signed_at IS NOT NULL OR voided_at IS NOT NULL);
