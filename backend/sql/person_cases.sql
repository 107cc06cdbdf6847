-- $1 hash of the CNP $2 institution or null $3 today. Oldest first; kept: still within its term, or for ever.
SELECT c.id, c.institution, c.department, c.sealed, c.closed_at IS NULL OR c.dispose_after IS NULL OR c.dispose_after >= $3::date,
    c.closed_at IS NULL, c.dispose_after - date '1970-01-01', (extract(epoch FROM c.closed_at) * 1000)::bigint
FROM casefile c WHERE c.cnp_hash = $1::bytea AND c.institution = coalesce($2::text, c.institution)
ORDER BY c.registered_at, c.id
