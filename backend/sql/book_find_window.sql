-- The same among the last $7 days of several institutions. $6 patterns
SELECT @case_columns@, audit_us(c.registered_at)
FROM unnest($1::text[]) AS i (id)
JOIN LATERAL (SELECT * FROM casefile c WHERE c.institution = i.id
    AND (c.registered_at, c.id) < (coalesce(timestamptz 'epoch' + $3::bigint * interval '1 microsecond',
        'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    AND c.registered_at > coalesce(timestamptz 'epoch' + $3::bigint * interval '1 microsecond', now()) - make_interval(days => $7::int)) c ON true
WHERE ' ' || c.folded LIKE ALL ($6::text[]) AND NOT c.sealed
    AND EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS p (institution, department)
        WHERE p.institution = c.institution AND p.department IN ('', c.department))
ORDER BY c.registered_at DESC, c.id DESC LIMIT $5::int
