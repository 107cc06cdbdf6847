-- $1 account $2 Argon2id $3 now. Every session ends, a one-time code and a quick PIN too.
WITH ended AS (
    UPDATE login_session SET ended_at = $3::timestamptz, ended_why = 'password'
    WHERE account = $1::text AND ended_at IS NULL
)
UPDATE account SET password = $2::text, password_at = $3, reset_hash = NULL, reset_until = NULL, reset_wrong = 0, pin = NULL
WHERE name = $1 RETURNING institution
