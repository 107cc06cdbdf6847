-- What the casework core keeps beside 0007.
ALTER TABLE casefile
    ADD COLUMN attention text COLLATE "C" NOT NULL DEFAULT '', -- id of the last message to the staff, '' when looked at
    ADD COLUMN escalated smallint NOT NULL DEFAULT 0,          -- 1 head, 2 approver, 3 county know that it is late
    ADD COLUMN answers bytea;                                  -- of paper: JSON object, sealed; requests have their own
CREATE INDEX casefile_attention ON casefile (institution, due, id) WHERE closed_at IS NULL AND attention <> '';

-- A timer that was only put aside by a step may be wound again, one that has rung may not.
ALTER TABLE case_timer ADD COLUMN rang boolean NOT NULL DEFAULT false;
