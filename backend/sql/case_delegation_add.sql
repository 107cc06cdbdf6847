-- $1 account $2 to $3 from $4 until $5 reason $6 now $7 by
INSERT INTO delegation (account, to_account, from_day, to_day, reason, at, by)
VALUES ($1, $2, $3::date, $4::date, $5, to_timestamp($6::bigint / 1000.0), $7) RETURNING id
