-- $1 token's hash, hex $2 now $3 idle minutes. The time of use is written every half a minute at most.
WITH live AS (
    SELECT s.account FROM login_session s JOIN account a ON a.name = s.account
    WHERE s.token_hash = decode($1::text, 'hex') AND s.ended_at IS NULL AND s.until > $2::timestamptz
        AND s.seen_at > $2 - make_interval(mins => $3::int) AND a.disabled_at IS NULL
), seen AS (
    UPDATE login_session SET seen_at = $2 WHERE token_hash = decode($1, 'hex') AND EXISTS (SELECT FROM live)
        AND seen_at < $2 - interval '30 seconds'
)
SELECT account FROM live
