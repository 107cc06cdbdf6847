-- $1 token's hash, hex $2 account $3 address $4 known $5 now $6 hours
WITH cleared AS (
    DELETE FROM login_delay WHERE kind = CASE WHEN $4::bool THEN 'pair' ELSE 'account' END AND
        key = encode(sha256(convert_to(CASE WHEN $4 THEN $2::text || ' ' || $3::text ELSE $2 END, 'UTF8')), 'hex')
)
INSERT INTO login_session (token_hash, account, began_at, seen_at, until, address)
VALUES (decode($1::text, 'hex'), $2, $5::timestamptz, $5, $5 + make_interval(hours => $6::int), $3)
