-- A session that a PIN may open: locked or idle, within its life. $1 token's hash, hex $2 now
SELECT s.account, a.institution, a.pin FROM login_session s JOIN account a ON a.name = s.account
WHERE s.token_hash = decode($1::text, 'hex') AND s.ended_at IS NULL AND s.until > $2::timestamptz
    AND a.disabled_at IS NULL AND a.pin IS NOT NULL
FOR UPDATE OF s
