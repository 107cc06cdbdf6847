-- All cases, closed ones too, by the time of registration.
-- $1, $2 reach: institutions and their departments ('' all) $3 states or null $4 nobody's $5 department $6 service
-- $7 assignee $8 late on that day, or null $9, $10 cursor: time, id $11 how many
SELECT @case_columns@,
    c.registered_at::text || '~' || c.id
FROM unnest($1::text[], $2::text[]) s (institution, department)
CROSS JOIN LATERAL (
    SELECT * FROM casefile c
    WHERE c.institution = s.institution
        AND @queue_filter@
        AND (c.registered_at, c.id) < ($9::timestamptz, $10::uuid)
    ORDER BY c.registered_at DESC, c.id DESC LIMIT $11::int
) c
ORDER BY c.registered_at DESC, c.id DESC LIMIT $11::int
