-- Open cases, by number.
-- $1, $2 reach: institutions and their departments ('' all) $3 states or null $4 nobody's $5 department $6 service
-- $7 assignee $8 late on that day, or null $9, $10 cursor: number, id $11 how many
SELECT @case_columns@,
    (c.year::bigint << 32 | c.n) || '~' || c.id
FROM unnest($1::text[], $2::text[]) s (institution, department)
CROSS JOIN LATERAL (
    SELECT * FROM casefile c
    WHERE c.institution = s.institution AND c.closed_at IS NULL
        AND @queue_filter@
        AND ((c.year::bigint << 32 | c.n), c.id) > ($9::bigint, $10::uuid)
    ORDER BY (c.year::bigint << 32 | c.n), c.id LIMIT $11::int
) c
ORDER BY (c.year::bigint << 32 | c.n), c.id LIMIT $11::int
