-- What does not go by itself: a timer that fails waits longer each time, a request of which no case could be made lies
-- apart. In both cases a person is told in the end, and nobody else waits for it.
ALTER TABLE case_timer
    ADD COLUMN tries smallint NOT NULL DEFAULT 0,
    ADD COLUMN again_at timestamptz,        -- not before
    ADD COLUMN gave_up_at timestamptz;
CREATE INDEX case_timer_stuck ON case_timer (case_id) WHERE gave_up_at IS NOT NULL;
CREATE TABLE case_unopened (
    request_id uuid PRIMARY KEY,
    since timestamptz NOT NULL,
    tries smallint NOT NULL,
    again_at timestamptz NOT NULL,
    why text NOT NULL,                      -- without personal data
    opened_at timestamptz                   -- it went in the end
);
CREATE INDEX case_unopened_due ON case_unopened (again_at) WHERE opened_at IS NULL;

-- Letters that wait for paper.
CREATE TABLE case_print (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id uuid NOT NULL,
    document uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    asked_by text COLLATE "C" NOT NULL,
    printed_at timestamptz,                 -- somebody has it in the hand
    printed_by text COLLATE "C"
);
CREATE UNIQUE INDEX case_print_waits ON case_print (document) WHERE printed_at IS NULL;
CREATE INDEX case_print_case ON case_print (case_id, id);

-- The notice board: from day to day, then it is history.
CREATE TABLE notice (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id uuid NOT NULL,
    institution text COLLATE "C" NOT NULL,
    service text COLLATE "C" NOT NULL,
    rule text COLLATE "C",                  -- of the term that it serves; null: none
    document uuid,                          -- the paper that hangs there, or null
    from_day date NOT NULL,
    to_day date NOT NULL CHECK (to_day >= from_day),
    posted_at timestamptz NOT NULL,
    posted_by text COLLATE "C" NOT NULL,
    taken_down_at timestamptz
);
CREATE INDEX notice_board ON notice (institution, to_day) WHERE taken_down_at IS NULL;
CREATE INDEX notice_case ON notice (case_id);

-- Where staff hears of its work, and that it heard of its dates today.
ALTER TABLE account
    ADD COLUMN email text,
    ADD COLUMN email_lang text COLLATE "C" NOT NULL DEFAULT 'ro';
CREATE TABLE staff_digest (
    account text COLLATE "C" NOT NULL REFERENCES account,
    day date NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (account, day)
);
