-- Files that belong to requests: the bytes lie in a folder under their SHA-256, this says which are whole and on disk.
-- A row never changes; requests name their files by hash, so one file may belong to many.
CREATE TABLE blob (
    sha256 bytea PRIMARY KEY,
    size integer NOT NULL CHECK (size > 0),
    type text COLLATE "C" NOT NULL,
    terminal text COLLATE "C" NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);
