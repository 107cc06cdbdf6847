-- $1 hash of the token
DELETE FROM public_visit WHERE token_hash = $1::bytea
