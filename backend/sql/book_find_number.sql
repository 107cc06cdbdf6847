-- Cases by a number of the book, their own or that of a paper of theirs. $6 number $7 years $8 registers
WITH hit AS MATERIALIZED (
    SELECT id FROM casefile WHERE institution = ANY ($1::text[]) AND register = ANY ($8::text[])
        AND year = ANY ($7::smallint[]) AND n = $6::int
    UNION
    SELECT case_id FROM register_entry WHERE institution = ANY ($1) AND register = ANY ($8)
        AND year = ANY ($7) AND n = $6 AND case_id IS NOT NULL
)
SELECT @case_columns@, audit_us(c.registered_at)
FROM hit JOIN casefile c ON c.id = hit.id
WHERE EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS p (institution, department)
        WHERE p.institution = c.institution AND p.department IN ('', c.department))
    AND (c.registered_at, c.id) < (coalesce(timestamptz 'epoch' + $3::bigint * interval '1 microsecond',
        'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
ORDER BY c.registered_at DESC, c.id DESC LIMIT $5::int
