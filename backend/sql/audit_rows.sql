-- Every row with its seal, chain by chain. Rows without a seal come last in theirs; $1 institution or null for all.
SELECT coalesce(s.institution, a.institution, ''), s.seq, encode(s.hash, 'hex'), s.audit_id, audit_us(s.sealed_at),
    a.id, audit_us(a.at), a.request_id, a.institution, a.actor, a.act, a.detail,
    CASE WHEN s.audit_id IS NULL THEN extract(epoch FROM now() - a.at)::bigint
        ELSE extract(epoch FROM s.sealed_at - a.at)::bigint END,
    a.id <= (SELECT settled FROM audit_mark), encode(a.mac, 'hex')
FROM audit a FULL JOIN audit_seal s ON s.audit_id = a.id
WHERE $1::text IS NULL OR coalesce(s.institution, a.institution, '') = $1
ORDER BY 1, 2 NULLS LAST, 6
