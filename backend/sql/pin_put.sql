-- $1 account $2 hash, or null: none any more $3 the password that was judged
UPDATE account SET pin = $2::text WHERE name = $1::text AND password = $3::text AND disabled_at IS NULL RETURNING 1
