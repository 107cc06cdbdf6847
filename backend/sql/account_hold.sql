-- Logging in and what ends sessions meet here: whoever comes second sees what the first has done. $1 account
SELECT 1 FROM account WHERE name = $1::text FOR NO KEY UPDATE
