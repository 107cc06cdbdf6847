-- $1 account $2 sealed secret, hex, or null: none. Sessions that were opened without it end.
WITH ended AS (
    UPDATE login_session SET ended_at = now(), ended_why = 'totp' WHERE account = $1::text AND ended_at IS NULL
)
UPDATE account SET totp = decode($2::text, 'hex'), totp_step = 0 WHERE name = $1 RETURNING institution
