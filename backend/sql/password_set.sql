-- $1 account $2 Argon2id $3 now $4 the one-time code's SHA-256, hex, or null $5 the password before, or null: as they were
-- judged, for they may be others by now (account_hold.sql). Every session ends, a one-time code and a quick PIN too.
WITH ended AS (
    UPDATE login_session SET ended_at = $3::timestamptz, ended_why = 'password'
    WHERE account = $1::text AND ended_at IS NULL
)
UPDATE account SET password = $2::text, password_at = $3, reset_hash = NULL, reset_until = NULL, reset_wrong = 0, pin = NULL
WHERE name = $1 AND disabled_at IS NULL AND ($4::text IS NULL OR reset_hash = decode($4, 'hex'))
    AND ($5::text IS NULL OR password = $5)
RETURNING institution
