-- All cases, closed ones too, by the time of registration.
-- In one CASE the filters count for half: one by one they would look so rare that the whole house is read and sorted.
-- $1, $2 reach: institutions and their departments ('' all) $3 states or null $4 nobody's $5 department $6 service
-- $7 assignee $8 late on that day, or null $9, $10 cursor: time, id $11 how many
SELECT c.id, c.request_id, c.institution, c.register, c.n, c.year, c.version, c.service_version,
    (extract(epoch FROM c.registered_at) * 1000)::bigint, (extract(epoch FROM c.entered_at) * 1000)::bigint,
    (extract(epoch FROM c.closed_at) * 1000)::bigint, c.filed_on - date '1970-01-01', c.due - date '1970-01-01',
    c.late_after - date '1970-01-01', c.service, c.workflow, c.state, array_to_string(c.flags, ','), c.department,
    c.assignee, c.author, c.channel, c.subject, c.person, c.attention, c.email, c.phone, c.retention, c.lang, c.sealed,
    c.facts, c.escalated, (SELECT full_name FROM account WHERE name = c.assignee),
    c.registered_at::text || '~' || c.id
FROM unnest($1::text[], $2::text[]) s (institution, department)
CROSS JOIN LATERAL (
    SELECT * FROM casefile c
    WHERE c.institution = s.institution
        AND CASE WHEN (s.department = '' OR c.department = s.department)
            AND ($3::text[] IS NULL OR c.state = ANY ($3)) AND (NOT $4::bool OR c.assignee IS NULL)
            AND ($5::text IS NULL OR c.department = $5) AND ($6::text IS NULL OR c.service = $6)
            AND ($7::text IS NULL OR c.assignee = $7) AND ($8::date IS NULL OR c.late_after < $8)
            THEN true ELSE false END
        AND (c.registered_at, c.id) > ($9::timestamptz, $10::uuid)
    ORDER BY c.registered_at, c.id LIMIT $11::int
) c
ORDER BY c.registered_at, c.id LIMIT $11::int
