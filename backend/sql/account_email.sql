-- $1 account $2 address, '' none $3 language
UPDATE account SET email = nullif($2::text, ''), email_lang = $3 WHERE name = $1 RETURNING institution
