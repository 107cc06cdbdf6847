UPDATE login_session s SET ended_at = $2::timestamptz, ended_why = 'logout' FROM account a
WHERE s.token_hash = decode($1::text, 'hex') AND s.ended_at IS NULL AND a.name = s.account
RETURNING s.account, a.institution
