-- Lines without their words that no erasure names: neither one with that number, nor its row in the audit, which bears the
-- name of who did it (registryctl verify-audit looks at that). $1 institution or null
SELECT e.institution, e.register, e.year, e.n FROM register_entry e
WHERE e.institution = coalesce($1::text, e.institution) AND (e.subject_sum IS NOT NULL OR e.erased_at IS NOT NULL)
    AND (e.erasure IS NULL OR e.erased_at IS NULL
        OR NOT EXISTS (SELECT FROM erasure x WHERE (x.institution, x.n) = (e.institution, e.erasure))
        OR (e.institution, concat_ws('/', e.register, e.year, e.n) || ' erasure ' || e.erasure) NOT IN (
            SELECT a.institution, a.detail FROM audit a WHERE a.act = 'register line erased' AND a.institution IS NOT NULL
                AND a.detail IS NOT NULL))
ORDER BY 1, 2, 3, 4
