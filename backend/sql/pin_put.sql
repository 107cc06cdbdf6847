-- $1 account $2 hash, or null: none any more
UPDATE account SET pin = $2::text WHERE name = $1::text
