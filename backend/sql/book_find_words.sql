-- A restricted case is found by its number or, by who may, by the CNP: a name must not tell that there is one.
-- Cases by the words of person and subject, newest first; behind the columns the time in microseconds.
-- $1 $2 institutions and departments ('' all) that may be searched $3 $4 after this one $5 how many $6 words
SELECT @case_columns@, audit_us(c.registered_at)
FROM casefile c
WHERE book_words(c.institution, c.folded) @@ $6::tsquery AND NOT c.sealed
    AND EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS p (institution, department)
        WHERE p.institution = c.institution AND p.department IN ('', c.department))
    AND (c.registered_at, c.id) < (coalesce(timestamptz 'epoch' + $3::bigint * interval '1 microsecond',
        'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
ORDER BY c.registered_at DESC, c.id DESC LIMIT $5::int
