-- $1 account
SELECT pin IS NOT NULL FROM account WHERE name = $1::text
