-- A file that is on disk now. The same file again is no news, unless it was disposed of in between.
INSERT INTO blob AS b (sha256, size, type, terminal) VALUES (decode($1, 'hex'), $2::int, $3, $4)
ON CONFLICT (sha256) DO UPDATE SET gone_at = NULL WHERE b.gone_at IS NOT NULL RETURNING 1
