-- $1 hash of the CNP or null $2 institution or null $3 today $4 these cases or null. Oldest first; kept: still within its
-- term, or for ever.
SELECT c.id, c.institution, c.department, c.sealed, c.closed_at IS NULL OR c.dispose_after IS NULL OR c.dispose_after >= $3::date,
    c.closed_at IS NULL, c.dispose_after - date '1970-01-01', (extract(epoch FROM c.closed_at) * 1000)::bigint,
    encode(c.cnp_hash, 'hex'), c.erased_at IS NOT NULL
FROM casefile c
WHERE c.id IN (SELECT id FROM casefile WHERE cnp_hash = $1::bytea UNION SELECT unnest($4::uuid[]))
    AND c.institution = coalesce($2::text, c.institution)
ORDER BY c.registered_at, c.id
