-- A file without a row gets one that leaves. $1 hash $2 size
INSERT INTO blob (sha256, size, type, terminal, received_at, leaving_at)
VALUES (decode($1, 'hex'), $2::int, 'application/octet-stream', 'register', now() - interval '2 days', now())
ON CONFLICT (sha256) DO UPDATE SET leaving_at = now()
