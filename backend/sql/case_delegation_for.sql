-- Whom this account stands in for. $1 account $2 today
SELECT DISTINCT account FROM delegation
WHERE to_account = $1 AND ended_at IS NULL AND $2::date BETWEEN from_day AND to_day
