-- The session behind a token, and all that its person may: a row for each grant, one's own first, then those of whom
-- this person stands in for; whoever has none has one row. $1 token's hash, hex $2 now $3 idle minutes $4 today
WITH live AS (
    SELECT a.name, a.full_name, a.institution, s.seen_at < $2::timestamptz - interval '30 seconds' AS stale
    FROM login_session s JOIN account a ON a.name = s.account
    WHERE s.token_hash = decode($1::text, 'hex') AND s.ended_at IS NULL AND s.locked_at IS NULL AND s.until > $2
        AND s.seen_at > $2 - make_interval(mins => $3::int) AND a.disabled_at IS NULL
), holder AS (
    SELECT name, false AS other, true AS counts FROM live
    UNION
    SELECT a.name, true, a.disabled_at IS NULL
    FROM live l JOIN delegation d ON d.to_account = l.name JOIN account a ON a.name = d.account
    WHERE d.ended_at IS NULL AND $4::date BETWEEN d.from_day AND d.to_day
)
SELECT l.name, l.full_name, l.institution, l.stale, (SELECT n FROM house_version), h.name, r.role, r.reach,
    r.institution, r.department
FROM live l CROSS JOIN holder h
LEFT JOIN account_role r ON r.account = h.name AND r.revoked_at IS NULL AND h.counts
ORDER BY h.other, h.name, r.id
