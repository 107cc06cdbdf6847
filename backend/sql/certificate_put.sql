-- The new certificate replaces the older ones of the terminal.
WITH old AS (UPDATE terminal_certificate SET revoked_at = now() WHERE cn = $2::text AND revoked_at IS NULL)
INSERT INTO terminal_certificate (serial, cn, not_after) VALUES ($1::text, $2, $3::timestamptz)
