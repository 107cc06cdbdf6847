-- $1 hash of the token $2 kind $3 request $4 case $5 return $6 language $7 now $8 minutes. Takes old ones away.
WITH gone AS (
    DELETE FROM public_visit WHERE token_hash IN (
        SELECT token_hash FROM public_visit WHERE until < $7::timestamptz - interval '1 hour' LIMIT 20
        FOR UPDATE SKIP LOCKED)
)
INSERT INTO public_visit (token_hash, kind, request_id, case_id, return_id, lang, began_at, until)
VALUES ($1::bytea, $2, $3::uuid, $4::uuid, $5::bigint, $6, $7::timestamptz, $7 + make_interval(mins => $8::integer))
