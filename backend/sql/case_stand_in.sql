-- Who works for this account today. $1 account $2 today
SELECT to_account FROM delegation d JOIN account a ON a.name = d.to_account
WHERE d.account = $1 AND d.ended_at IS NULL AND $2::date BETWEEN d.from_day AND d.to_day AND a.disabled_at IS NULL
ORDER BY d.id DESC LIMIT 1
