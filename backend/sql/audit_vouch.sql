-- $1 the last id, a blank, the rows without a MAC $2 mac
WITH put AS (
    INSERT INTO settings (key, value) VALUES ('audit_vouched', $1::text) ON CONFLICT (key) DO NOTHING RETURNING value
)
INSERT INTO audit (at, actor, act, detail, mac)
SELECT now(), 'registryd', 'earlier rows vouched for', value, $2::bytea FROM put
