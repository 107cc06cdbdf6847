-- The case of a receipt. $6 its code
SELECT @case_columns@, audit_us(c.registered_at)
FROM request r JOIN casefile c ON c.request_id = r.request_id
WHERE r.receipt_code = $6::text
    AND EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS p (institution, department)
        WHERE p.institution = c.institution AND p.department IN ('', c.department))
    AND (c.registered_at, c.id) < (coalesce(timestamptz 'epoch' + $3::bigint * interval '1 microsecond',
        'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
ORDER BY c.registered_at DESC, c.id DESC LIMIT $5::int
