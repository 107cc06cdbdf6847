-- Absences of these two are entered one after the other. $1 account $2 another
SELECT 1 FROM account WHERE name IN ($1, $2) ORDER BY name FOR UPDATE
