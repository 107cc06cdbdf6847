-- A terminal's file that is on disk now, and that this terminal brought it.
WITH brought AS (
    INSERT INTO blob_brought (sha256, terminal) VALUES (decode($1, 'hex'), $4)
    ON CONFLICT (sha256, terminal) DO UPDATE SET at = now()
)
INSERT INTO blob AS b (sha256, size, type, terminal) VALUES (decode($1, 'hex'), $2::int, $3, $4)
ON CONFLICT (sha256) DO UPDATE SET gone_at = NULL WHERE b.gone_at IS NOT NULL RETURNING 1
