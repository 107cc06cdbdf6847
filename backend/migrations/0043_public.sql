-- How much of something was used up: wrong PINs by register number and by client, bytes that citizens sent. A key names
-- no person: an address stands in it as a keyed hash.
CREATE TABLE public_use (
    key text COLLATE "C" PRIMARY KEY,
    since timestamptz NOT NULL,             -- begin of the window in which `used` was counted
    used bigint NOT NULL,
    times smallint NOT NULL,                -- how often it was used up lately: each time the pause is twice as long
    until timestamptz                       -- the pause
);
CREATE INDEX public_use_since ON public_use (since);

-- Which terminal brought which file, and when it did so last: a correction may name only what came for it.
CREATE TABLE blob_brought (
    sha256 bytea NOT NULL,
    terminal text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sha256, terminal)
);

-- By number and PIN: the state and the dates, nothing more.
ALTER TABLE public_visit DROP CONSTRAINT public_visit_kind_check,
    ADD CONSTRAINT public_visit_kind_check CHECK (kind IN ('pin', 'number', 'link'));
