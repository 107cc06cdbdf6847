-- Writes the setting if there is none yet; tells what stands there.
WITH put AS (
    INSERT INTO settings (key, value) VALUES ($1::text, $2::text) ON CONFLICT (key) DO NOTHING RETURNING value
)
SELECT value FROM put UNION ALL SELECT value FROM settings WHERE key = $1 LIMIT 1
