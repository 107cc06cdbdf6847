-- $1 account $2 address $3 known $4 now. One row always; institution is null when there is no such account.
SELECT a.institution, a.disabled_at IS NOT NULL, a.password, encode(a.totp, 'hex'), a.totp_step,
    CASE WHEN a.reset_until > $4::timestamptz AND a.reset_wrong < 5 THEN encode(a.reset_hash, 'hex') END,
    (SELECT coalesce(ceil(extract(epoch FROM max(d.free_at) - $4)), 0)::bigint FROM login_delay d
        WHERE d.free_at > $4 AND CASE WHEN $3::bool
            THEN d.kind = 'pair' AND d.key = encode(sha256(convert_to($1 || ' ' || $2, 'UTF8')), 'hex')
            ELSE (d.kind = 'account' AND d.key = encode(sha256(convert_to($1::text, 'UTF8')), 'hex'))
                OR (d.kind = 'address' AND d.key = $2::text) END)
FROM (SELECT) one LEFT JOIN account a ON a.name = $1
