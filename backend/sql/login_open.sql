-- $1 token's hash, hex $2 account $3 address $4 known $5 now $6 hours $7 password $8 sealed secret of the codes, hex, as
-- they were judged: no session where they were changed meanwhile, or the account disabled (account_hold.sql).
WITH held AS (
    SELECT name FROM account WHERE name = $2::text AND password = $7::text AND disabled_at IS NULL
        AND totp IS NOT DISTINCT FROM decode($8::text, 'hex')
    FOR SHARE
), cleared AS (
    DELETE FROM login_delay WHERE EXISTS (SELECT FROM held) AND kind = CASE WHEN $4::bool THEN 'pair' ELSE 'account' END AND
        key = encode(sha256(convert_to(CASE WHEN $4 THEN $2 || ' ' || $3::text ELSE $2 END, 'UTF8')), 'hex')
)
INSERT INTO login_session (token_hash, account, began_at, seen_at, until, address)
SELECT decode($1::text, 'hex'), name, $5::timestamptz, $5, $5 + make_interval(hours => $6::int), $3 FROM held
RETURNING account
