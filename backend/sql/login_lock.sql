-- $1 token's hash, hex $2 now
UPDATE login_session s SET locked_at = $2::timestamptz FROM account a
WHERE s.token_hash = decode($1::text, 'hex') AND s.ended_at IS NULL AND a.name = s.account
RETURNING s.account, a.institution
