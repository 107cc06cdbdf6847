-- Who works for this account today, unless they are away themselves. $1 account $2 today
SELECT to_account FROM delegation d JOIN account a ON a.name = d.to_account
WHERE d.account = $1 AND d.ended_at IS NULL AND $2::date BETWEEN d.from_day AND d.to_day AND a.disabled_at IS NULL
    AND NOT EXISTS (SELECT FROM delegation x WHERE x.account = d.to_account AND x.ended_at IS NULL
        AND $2 BETWEEN x.from_day AND x.to_day)
ORDER BY d.id DESC LIMIT 1
