-- $1 account $2 code's SHA-256, hex $3 until
UPDATE account SET reset_hash = decode($2::text, 'hex'), reset_until = $3::timestamptz, reset_wrong = 0
WHERE name = $1::text RETURNING institution
