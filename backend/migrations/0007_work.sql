-- Work on what was registered. Nothing here is deleted: a row that no longer holds gets an end. Personal data of the
-- answers stay in the sealed request; a case keeps only what lists and search need.

-- One per registered request, opened within a second of it, or per paper that a clerk entered.
CREATE TABLE casefile (
    id uuid PRIMARY KEY,
    request_id uuid,                        -- null: paper, or came from another institution
    version bigint NOT NULL DEFAULT 1,      -- grows with each act
    registered_at timestamptz NOT NULL,
    entered_at timestamptz NOT NULL,        -- this state
    closed_at timestamptz,
    n integer NOT NULL,
    service_version integer NOT NULL,
    workflow_version integer NOT NULL,
    year smallint NOT NULL,
    filed_on date NOT NULL,
    due date,                               -- of the main term that runs
    late_after date,
    institution text COLLATE "C" NOT NULL,
    register text COLLATE "C" NOT NULL,
    service text COLLATE "C" NOT NULL,
    workflow text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    facts jsonb NOT NULL DEFAULT '{}',      -- {"case.found": "yes"}; those that a clerk or an effect settled
    department text COLLATE "C" NOT NULL,   -- '' none
    assignee text COLLATE "C",
    author text COLLATE "C",                -- who prepared the decision
    channel text COLLATE "C" NOT NULL,      -- kiosk counter web paper institution
    lang text COLLATE "C" NOT NULL,
    sealed boolean NOT NULL DEFAULT false,
    subject text NOT NULL DEFAULT '',
    person text NOT NULL DEFAULT '',        -- as it is written
    folded text NOT NULL DEFAULT '',        -- person and subject for the search: fold()
    cnp_hash bytea,                         -- HMAC with a key that is not in the database
    cnp_sealed bytea,
    email text,
    phone text,
    retention text COLLATE "C",
    dispose_after date,
    erased_at timestamptz,
    UNIQUE (institution, register, year, n)
) WITH (fillfactor = 80);
CREATE INDEX casefile_request ON casefile (request_id);
-- Queues look only at what is open.
CREATE INDEX casefile_due ON casefile (institution, due, id) WHERE closed_at IS NULL;
CREATE INDEX casefile_assignee ON casefile (assignee, due, id) WHERE closed_at IS NULL AND assignee IS NOT NULL;
CREATE INDEX casefile_state ON casefile (institution, state, due, id) WHERE closed_at IS NULL;
CREATE INDEX casefile_registered ON casefile (institution, registered_at, id);
CREATE INDEX casefile_cnp ON casefile (cnp_hash) WHERE cnp_hash IS NOT NULL;
CREATE INDEX casefile_dispose ON casefile (institution, dispose_after) WHERE dispose_after IS NOT NULL;

-- Audit rows up to `settled` have all been looked at for requests without a casefile.
CREATE TABLE case_mark (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    settled bigint NOT NULL DEFAULT 0
);
INSERT INTO case_mark DEFAULT VALUES;

-- What happened, for the file and (public) for the citizen.
CREATE TABLE case_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id uuid NOT NULL,
    at timestamptz NOT NULL,
    version bigint NOT NULL,                -- of the case after it
    actor text COLLATE "C" NOT NULL,        -- account, 'citizen', 'system'
    act text COLLATE "C" NOT NULL,          -- workflow action, 'assign', 'note', 'fact', ...
    state_from text COLLATE "C",
    state_to text COLLATE "C",
    given jsonb NOT NULL DEFAULT '{}',      -- {"reason": "..."}
    public boolean NOT NULL DEFAULT false
);
CREATE INDEX case_event_case ON case_event (case_id, id);

CREATE TABLE case_note (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id uuid NOT NULL,
    at timestamptz NOT NULL,
    author text COLLATE "C" NOT NULL,
    public boolean NOT NULL,                -- the citizen reads it, too
    text text NOT NULL
);
CREATE INDEX case_note_case ON case_note (case_id, id);

-- Every date is computed anew from rule and facts; what was computed last stands here with its sentence.
CREATE TABLE case_term (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id uuid NOT NULL,
    rule text COLLATE "C" NOT NULL,
    main boolean NOT NULL,                  -- the one that answers the request
    began_on date NOT NULL,
    began_minute smallint NOT NULL DEFAULT -1,
    n integer NOT NULL DEFAULT 0,
    extension text,                         -- its reason
    returned_days integer NOT NULL DEFAULT 0,
    due date NOT NULL,
    due_minute smallint NOT NULL DEFAULT -1,
    late_after date NOT NULL,
    why jsonb NOT NULL,                     -- {"ro": ..., "hu": ..., "en": ...}
    calc jsonb NOT NULL,
    ended_on date,
    computed_at timestamptz NOT NULL
);
CREATE INDEX case_term_case ON case_term (case_id, id);
CREATE INDEX case_term_open ON case_term (due) WHERE ended_on IS NULL;

CREATE TABLE case_timer (
    case_id uuid NOT NULL,
    timer text COLLATE "C" NOT NULL,
    version bigint NOT NULL,                -- of the case when it was wound
    at timestamptz NOT NULL,
    done_at timestamptz,
    PRIMARY KEY (case_id, timer, at)
);
CREATE INDEX case_timer_open ON case_timer (at) WHERE done_at IS NULL;

-- Opinions, visits, and what else is asked of others while the case goes on.
CREATE TABLE case_task (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('opinion', 'visit', 'child', 'record')),
    institution text COLLATE "C" NOT NULL,
    department text COLLATE "C" NOT NULL,
    assignee text COLLATE "C",
    binding boolean NOT NULL DEFAULT false,
    asked_at timestamptz NOT NULL,
    asked_by text COLLATE "C" NOT NULL,
    due date NOT NULL,
    late_after date NOT NULL,
    done_at timestamptz,
    done_by text COLLATE "C",
    result text COLLATE "C" CHECK (result IN ('positive', 'negative', 'none', 'done')),
    text text
);
CREATE INDEX case_task_case ON case_task (case_id, id);
CREATE INDEX case_task_open ON case_task (institution, department, due) WHERE done_at IS NULL;

-- What went back to the citizen: only these fields or files. The link's token is only in the message.
CREATE TABLE case_return (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id uuid NOT NULL,
    at timestamptz NOT NULL,
    by text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    fields text[] NOT NULL,
    token_hash bytea,
    answered_at timestamptz,
    answers bytea                           -- JSON object of the fields, sealed like a request
);
CREATE INDEX case_return_case ON case_return (case_id, id);
CREATE UNIQUE INDEX case_return_open ON case_return (case_id) WHERE answered_at IS NULL;

CREATE TABLE case_link (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id uuid NOT NULL,
    other uuid NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('connexed', 'merged', 'forwarded', 'repeats')),
    at timestamptz NOT NULL,
    by text COLLATE "C" NOT NULL,
    UNIQUE (case_id, other, kind)
);
CREATE INDEX case_link_other ON case_link (other);

-- Who has the file open; may vanish.
CREATE UNLOGGED TABLE case_presence (
    case_id uuid NOT NULL,
    account text COLLATE "C" NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, account)
);

CREATE TABLE delegation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text COLLATE "C" NOT NULL REFERENCES account,
    to_account text COLLATE "C" NOT NULL REFERENCES account,
    from_day date NOT NULL,
    to_day date NOT NULL CHECK (to_day >= from_day),
    reason text NOT NULL,
    at timestamptz NOT NULL,
    by text COLLATE "C" NOT NULL,
    ended_at timestamptz,
    ended_by text COLLATE "C",
    CHECK (account <> to_account)
);
CREATE INDEX delegation_of ON delegation (account, to_day);

-- Days off declared after the program was delivered (configs/holidays.json has the rest).
CREATE TABLE holiday (
    day date PRIMARY KEY,
    name text NOT NULL,
    at timestamptz NOT NULL,
    by text COLLATE "C" NOT NULL,
    recomputed_at timestamptz
);

-- The book beside the requests: papers in, answers out, internal ones, corrections. Numbers come from the same counter.
CREATE TABLE register_entry (
    institution text COLLATE "C" NOT NULL,
    register text COLLATE "C" NOT NULL,
    year smallint NOT NULL,
    n integer NOT NULL,
    direction text COLLATE "C" NOT NULL CHECK (direction IN ('in', 'out', 'internal', 'correction')),
    at timestamptz NOT NULL,
    by text COLLATE "C" NOT NULL,
    department text COLLATE "C" NOT NULL DEFAULT '',
    correspondent text NOT NULL DEFAULT '',
    subject text NOT NULL,
    paper_on date,                          -- date and number that the paper itself bears
    paper_number text,
    case_id uuid,
    document uuid,
    corrects integer,                       -- a number of this book and year
    PRIMARY KEY (institution, register, year, n)
);
CREATE INDEX register_entry_case ON register_entry (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX register_entry_corrects ON register_entry (institution, register, year, corrects)
    WHERE corrects IS NOT NULL;

-- The page of a day, closed after midnight: hash over the page before and every entry of the day.
CREATE TABLE register_day (
    institution text COLLATE "C" NOT NULL,
    register text COLLATE "C" NOT NULL,
    day date NOT NULL,
    first_n integer NOT NULL,
    last_n integer NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamptz NOT NULL,
    PRIMARY KEY (institution, register, day)
);
CREATE TABLE register_year (
    institution text COLLATE "C" NOT NULL,
    register text COLLATE "C" NOT NULL,
    year smallint NOT NULL,
    opened_at timestamptz NOT NULL,
    opened_by text COLLATE "C" NOT NULL,
    open_document uuid,
    closed_at timestamptz,
    closed_by text COLLATE "C",
    last_n integer,
    close_document uuid,
    PRIMARY KEY (institution, register, year)
);

-- Bytes lie in the blob store; a row never changes except for what is added once (signature, certification).
CREATE TABLE document (
    id uuid PRIMARY KEY,
    case_id uuid,
    institution text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('request', 'attachment', 'scan', 'answer', 'decision',
        'certified', 'protocol', 'cover', 'permit', 'receipt')),
    title text NOT NULL,
    lang text COLLATE "C" NOT NULL,
    sha256 bytea NOT NULL,
    size integer NOT NULL,
    type text COLLATE "C" NOT NULL,
    pages integer,
    parent uuid,                            -- this was made from
    template text COLLATE "C",
    made_at timestamptz NOT NULL,
    made_by text COLLATE "C" NOT NULL,
    signed_at timestamptz,
    signed_by text COLLATE "C",             -- the officer of the decision
    signed_name text,
    voided_at timestamptz,
    voided_why text
);
CREATE INDEX document_case ON document (case_id, made_at) WHERE case_id IS NOT NULL;
CREATE INDEX document_parent ON document (parent) WHERE parent IS NOT NULL;
CREATE INDEX document_bytes ON document (sha256);

-- The answer while it is being written; one per case.
CREATE TABLE draft (
    case_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    at timestamptz NOT NULL,
    author text COLLATE "C" NOT NULL,
    template text COLLATE "C" NOT NULL,
    lang text COLLATE "C" NOT NULL,
    title text NOT NULL,
    body text NOT NULL
) WITH (fillfactor = 50);

-- Lists of what may be disposed of: drawn up by one, approved by another, then done.
CREATE TABLE disposal (
    id uuid PRIMARY KEY,
    institution text COLLATE "C" NOT NULL,
    retention text COLLATE "C" NOT NULL,
    listed_at timestamptz NOT NULL,
    listed_by text COLLATE "C" NOT NULL,
    cases uuid[] NOT NULL,
    inventory uuid,
    approved_at timestamptz,
    approved_by text COLLATE "C",
    minutes uuid,
    done_at timestamptz,
    CHECK (approved_by <> listed_by)
);
