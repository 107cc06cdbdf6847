-- Is the account away already on some of these days, or its stand-in? $1 account $2 stand-in $3 from $4 until
SELECT coalesce(bool_or(account = $1), false), coalesce(bool_or(account = $2), false) FROM delegation
WHERE account IN ($1, $2) AND ended_at IS NULL AND from_day <= $4::date AND to_day >= $3::date
