-- The same among the last $7 of one institution: what many have is found here, in their order. $6 patterns
SELECT * FROM (
SELECT @case_columns@, audit_us(c.registered_at), c.registered_at AS at
FROM (SELECT * FROM casefile c WHERE c.institution = ($1::text[])[1]
    AND (c.registered_at, c.id) < (coalesce(timestamptz 'epoch' + $3::bigint * interval '1 microsecond',
        'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    ORDER BY c.registered_at DESC, c.id DESC LIMIT $7::int) c
WHERE ' ' || c.folded LIKE ALL ($6::text[]) AND NOT c.sealed AND EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS p (institution, department)
        WHERE p.institution = c.institution AND p.department IN ('', c.department))
) hit ORDER BY at DESC, id DESC LIMIT $5::int
