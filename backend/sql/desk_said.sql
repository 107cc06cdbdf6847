-- Has this person given a reason for this sealed case within half an hour? $1 account $2 case
SELECT 1 FROM audit WHERE at > now() - interval '30 minutes' AND actor = $1::text AND request_id = $2::uuid
    AND act = 'sealed case opened' LIMIT 1
