-- A file that is on disk now. The same file again is no news.
INSERT INTO blob (sha256, size, type, terminal) VALUES (decode($1, 'hex'), $2::int, $3, $4)
ON CONFLICT (sha256) DO NOTHING RETURNING 1
