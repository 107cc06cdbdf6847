-- The register. Hot tables (request, audit, owed_message) have no foreign keys: each would lock a shared row
-- per request. What they would promise is checked before queueing, held by register_counter, and looked after
-- by `registryctl verify`.

CREATE TABLE settings (
    key text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE institution (
    id text COLLATE "C" PRIMARY KEY,
    parent text COLLATE "C" REFERENCES institution DEFERRABLE INITIALLY DEFERRED,
    kind text NOT NULL,
    siruta integer,
    name_ro text NOT NULL,
    name_hu text NOT NULL,
    name_en text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE terminal (
    cn text COLLATE "C" PRIMARY KEY CHECK (cn ~ '^[A-Za-z0-9._-]{1,64}$'),
    institution text COLLATE "C" NOT NULL REFERENCES institution,
    added_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);

CREATE TABLE terminal_certificate (
    serial text COLLATE "C" PRIMARY KEY, -- hex, lower case
    cn text COLLATE "C" NOT NULL REFERENCES terminal,
    issued_at timestamptz NOT NULL DEFAULT now(),
    not_after timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX ON terminal_certificate (cn);

-- One row per book. n is the last number given. Little per page, so that updates stay on it (HOT).
CREATE TABLE register_counter (
    institution text COLLATE "C" NOT NULL REFERENCES institution,
    register text COLLATE "C" NOT NULL,
    year smallint NOT NULL,
    n integer NOT NULL CHECK (n > 0),
    PRIMARY KEY (institution, register, year)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

-- request and signature rest byte for byte as they came. The PIN is kept only as HMAC, its key elsewhere.
CREATE TABLE request (
    request_id uuid NOT NULL,
    registered_at timestamptz NOT NULL,
    filed_at timestamptz NOT NULL,
    n integer NOT NULL,
    service_version integer NOT NULL,
    filed_on date NOT NULL,
    due date,
    year smallint NOT NULL,
    offline boolean NOT NULL,
    institution text COLLATE "C" NOT NULL,
    register text COLLATE "C" NOT NULL,
    receipt_code text COLLATE "C" NOT NULL,
    terminal text COLLATE "C" NOT NULL,
    service text COLLATE "C" NOT NULL,
    channel text COLLATE "C" NOT NULL,
    lang text COLLATE "C" NOT NULL,
    pin_verifier bytea NOT NULL,
    sha256 bytea NOT NULL, -- of request, UTF-8
    request text COLLATE "C" NOT NULL,
    signature text COLLATE "C" NOT NULL
) WITH (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000000,
        autovacuum_analyze_scale_factor = 0.5, autovacuum_vacuum_insert_scale_factor = 0.5);
ALTER TABLE request ALTER COLUMN request SET COMPRESSION lz4, ALTER COLUMN request SET STORAGE MAIN,
    ALTER COLUMN signature SET COMPRESSION lz4, ALTER COLUMN signature SET STORAGE MAIN;
ALTER TABLE request ADD CONSTRAINT request_pkey PRIMARY KEY (request_id);
ALTER TABLE request ADD CONSTRAINT request_number UNIQUE (institution, register, year, n);
ALTER TABLE request ADD CONSTRAINT request_receipt_code UNIQUE (receipt_code);

-- The same request sent again. The answer to a repeat writes here, so that it too waits for its own commit.
CREATE TABLE request_repeat (
    request_id uuid PRIMARY KEY,
    times integer NOT NULL,
    last_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Written with every request, read seldom and by time: a block range index costs the intake nothing.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    request_id uuid,
    institution text COLLATE "C",
    actor text COLLATE "C" NOT NULL,
    act text COLLATE "C" NOT NULL,
    detail text
);
CREATE INDEX audit_at ON audit USING brin (at);

-- What has to be told to a person: the commit that registers also owes the message. Only open ones are indexed.
CREATE TABLE owed_message (
    id bigint GENERATED ALWAYS AS IDENTITY,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    sent_at timestamptz,
    request_id uuid NOT NULL,
    tries smallint NOT NULL DEFAULT 0,
    way text COLLATE "C" NOT NULL CHECK (way IN ('email', 'sms')),
    message text COLLATE "C" NOT NULL,
    lang text COLLATE "C" NOT NULL,
    recipient text NOT NULL
);
CREATE UNIQUE INDEX owed_message_open ON owed_message (id) WHERE sent_at IS NULL;

-- Wrong PINs per receipt code within the hour that began with the first of them.
CREATE TABLE status_try (
    receipt_code text COLLATE "C" PRIMARY KEY,
    since timestamptz NOT NULL,
    wrong smallint NOT NULL
);

-- Programs that keep institutions and terminals in memory hear when these change.
CREATE FUNCTION tell_registry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('registry', TG_TABLE_NAME);
    RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON institution
    FOR EACH STATEMENT EXECUTE FUNCTION tell_registry();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON terminal
    FOR EACH STATEMENT EXECUTE FUNCTION tell_registry();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON terminal_certificate
    FOR EACH STATEMENT EXECUTE FUNCTION tell_registry();
