-- Whoever showed code and PIN of a receipt, or came by the link of a message, for some minutes. The cookie holds the
-- token, this only its hash. Nothing is lost when these rows are.
CREATE UNLOGGED TABLE public_visit (
    token_hash bytea PRIMARY KEY,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('pin', 'link')),
    request_id uuid,
    case_id uuid,                           -- null until the request has its casefile
    return_id bigint,                       -- of a link: only this may be answered, nothing else is shown
    lang text COLLATE "C" NOT NULL,
    began_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    files text[] NOT NULL DEFAULT '{}'      -- SHA-256 of what this visit sent: no other file can be named
);
CREATE INDEX public_visit_until ON public_visit (until);
