-- $1 account $2 address $3 known $4 now. Three tries of an account are free, then 1, 2, 4 ... seconds up to five
-- minutes; twenty of an address, up to one minute: a whole town hall may stand behind it. Names only as hash, for one
-- may be a password in the wrong field.
WITH item (kind, key, free, most) AS (
    SELECT 'pair', encode(sha256(convert_to($1::text || ' ' || $2::text, 'UTF8')), 'hex'), 3, 300 WHERE $3::bool
    UNION ALL SELECT 'account', encode(sha256(convert_to($1, 'UTF8')), 'hex'), 3, 300 WHERE NOT $3
    UNION ALL SELECT 'address', $2, 20, 60 WHERE NOT $3
), counted AS (
    SELECT i.kind, i.key, i.free, i.most,
        1 + coalesce((SELECT d.wrong FROM login_delay d WHERE d.kind = i.kind AND d.key = i.key
            AND d.last_at > $4::timestamptz - interval '1 day'), 0) AS n
    FROM item i
), old AS (
    DELETE FROM login_delay d WHERE d.last_at < $4 - interval '2 days'
        AND NOT EXISTS (SELECT FROM item i WHERE i.kind = d.kind AND i.key = d.key)
)
INSERT INTO login_delay AS d (kind, key, wrong, last_at, free_at)
SELECT kind, key, n, $4, $4 + CASE WHEN n < free THEN interval '0' ELSE
    make_interval(secs => least(most, power(2, least(n - free, 20)))) END FROM counted ORDER BY kind, key
ON CONFLICT (kind, key) DO UPDATE SET wrong = excluded.wrong, last_at = excluded.last_at, free_at = excluded.free_at
