-- Who works here. Nothing is deleted: an account is disabled, a role is taken back, a session ends.
CREATE TABLE account (
    name text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9._-]{1,31}$'),
    full_name text NOT NULL,
    institution text COLLATE "C" NOT NULL REFERENCES institution,
    added_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    password text,                          -- Argon2id in its own encoding, or null: none yet
    password_at timestamptz,
    totp bytea,                             -- secret, sealed with a key that is not in the database
    totp_step bigint NOT NULL DEFAULT 0,    -- last one used; never again, nor one before
    reset_hash bytea,                       -- SHA-256 of the one-time code
    reset_until timestamptz,
    reset_wrong smallint NOT NULL DEFAULT 0
);
CREATE TABLE account_role (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text COLLATE "C" NOT NULL REFERENCES account,
    role text COLLATE "C" NOT NULL,
    reach text COLLATE "C" NOT NULL CHECK (reach IN ('department', 'institution', 'below')),
    institution text COLLATE "C" NOT NULL REFERENCES institution,
    department text COLLATE "C" NOT NULL DEFAULT '',
    granted_at timestamptz NOT NULL DEFAULT now(),
    granted_by text COLLATE "C" NOT NULL,
    revoked_at timestamptz,
    revoked_by text COLLATE "C",
    CHECK ((reach = 'department') = (department <> ''))
);
CREATE UNIQUE INDEX account_role_now ON account_role (account, role, reach, institution, department)
    WHERE revoked_at IS NULL;

-- The token itself is only in the browser.
CREATE TABLE login_session (
    token_hash bytea PRIMARY KEY,
    account text COLLATE "C" NOT NULL REFERENCES account,
    began_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    address text COLLATE "C" NOT NULL,
    ended_at timestamptz,
    ended_why text COLLATE "C"
) WITH (fillfactor = 70);
CREATE INDEX login_session_of ON login_session (account, address, began_at);

-- Wrong attempts; the next may come at free_at. Forgotten after a day of quiet. A pair is an account at an address from
-- which it has logged in before: it has a row of its own, so that nobody elsewhere, and no stranger behind the same
-- address, can keep it waiting.
CREATE TABLE login_delay (
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('account', 'address', 'pair')),
    key text COLLATE "C" NOT NULL,
    wrong integer NOT NULL,
    last_at timestamptz NOT NULL,
    free_at timestamptz NOT NULL,
    PRIMARY KEY (kind, key)
) WITH (fillfactor = 70);
