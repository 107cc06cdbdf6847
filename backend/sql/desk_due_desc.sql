-- Open cases, those due last before the others.
-- $1, $2 reach: institutions and their departments ('' all) $3 states or null $4 nobody's $5 department $6 service
-- $7 assignee $8 late on that day, or null $9, $10 cursor: day, id $11 how many $12, $13 due from, until
SELECT @case_columns@,
    coalesce(c.due, 'infinity'::date)::text || '~' || c.id
FROM unnest($1::text[], $2::text[]) s (institution, department)
CROSS JOIN LATERAL (
    SELECT * FROM casefile c
    WHERE c.institution = s.institution AND c.closed_at IS NULL
        AND @queue_filter@
        AND coalesce(c.due, 'infinity'::date) BETWEEN $12::date AND $13::date
        AND (coalesce(c.due, 'infinity'::date), c.id) < ($9::date, $10::uuid)
    ORDER BY coalesce(c.due, 'infinity'::date) DESC, c.id DESC LIMIT $11::int
) c
ORDER BY coalesce(c.due, 'infinity'::date) DESC, c.id DESC LIMIT $11::int
