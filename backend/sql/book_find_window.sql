-- The same among the last $7 days of several institutions. $6 patterns
SELECT c.id, c.request_id, c.institution, c.register, c.n, c.year, c.version, c.service_version,
    (extract(epoch FROM c.registered_at) * 1000)::bigint, (extract(epoch FROM c.entered_at) * 1000)::bigint,
    (extract(epoch FROM c.closed_at) * 1000)::bigint, c.filed_on - date '1970-01-01', c.due - date '1970-01-01',
    c.late_after - date '1970-01-01', c.service, c.workflow, c.state, array_to_string(c.flags, ','), c.department,
    c.assignee, c.author, c.channel, c.subject, c.person, c.attention, c.email, c.phone, c.retention, c.lang, c.sealed,
    c.facts, c.escalated, (SELECT full_name FROM account WHERE name = c.assignee), audit_us(c.registered_at)
FROM unnest($1::text[]) AS i (id)
JOIN LATERAL (SELECT * FROM casefile c WHERE c.institution = i.id
    AND (c.registered_at, c.id) < (coalesce(timestamptz 'epoch' + $3::bigint * interval '1 microsecond',
        'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    AND c.registered_at > coalesce(timestamptz 'epoch' + $3::bigint * interval '1 microsecond', now()) - make_interval(days => $7::int)) c ON true
WHERE ' ' || c.folded LIKE ALL ($6::text[]) AND NOT c.sealed
    AND EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS p (institution, department)
        WHERE p.institution = c.institution AND p.department IN ('', c.department))
ORDER BY c.registered_at DESC, c.id DESC LIMIT $5::int
