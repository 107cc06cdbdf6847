-- $1 account $2 code's SHA-256, hex $3 until $4 now. Whoever else may know what opened the door before is out at once:
-- password, quick PIN and every session end here, not when the code is used.
WITH ended AS (
    UPDATE login_session SET ended_at = $4::timestamptz, ended_why = 'reset'
    WHERE account = $1::text AND ended_at IS NULL
)
UPDATE account SET reset_hash = decode($2::text, 'hex'), reset_until = $3::timestamptz, reset_wrong = 0, password = NULL,
    pin = NULL
WHERE name = $1 RETURNING institution
