-- A restricted case is found by its number or, by who may, by the CNP: a name must not tell that there is one.
-- Cases by the words of person and subject, newest first; columns of case_get.sql, then the time in microseconds.
-- $1 $2 institutions and departments ('' all) that may be searched $3 $4 after this one $5 how many $6 words
SELECT c.id, c.request_id, c.institution, c.register, c.n, c.year, c.version, c.service_version,
    (extract(epoch FROM c.registered_at) * 1000)::bigint, (extract(epoch FROM c.entered_at) * 1000)::bigint,
    (extract(epoch FROM c.closed_at) * 1000)::bigint, c.filed_on - date '1970-01-01', c.due - date '1970-01-01',
    c.late_after - date '1970-01-01', c.service, c.workflow, c.state, array_to_string(c.flags, ','), c.department,
    c.assignee, c.author, c.channel, c.subject, c.person, c.attention, c.email, c.phone, c.retention, c.lang, c.sealed,
    c.facts, c.escalated, (SELECT full_name FROM account WHERE name = c.assignee), audit_us(c.registered_at)
FROM casefile c
WHERE book_words(c.institution, c.folded) @@ $6::tsquery AND NOT c.sealed
    AND EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS p (institution, department)
        WHERE p.institution = c.institution AND p.department IN ('', c.department))
    AND (c.registered_at, c.id) < (coalesce(timestamptz 'epoch' + $3::bigint * interval '1 microsecond',
        'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
ORDER BY c.registered_at DESC, c.id DESC LIMIT $5::int
