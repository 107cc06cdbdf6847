-- Has this person handed in this file within a day? $1 account $2 SHA-256
SELECT 1 FROM audit WHERE at > now() - interval '1 day' AND actor = $1::text AND act = 'scan taken' AND detail = $2::text
LIMIT 1
