-- What waits where, each counted to 1000 and no further: a whole county has no use for more, and would wait for it.
-- LATERAL with a LIMIT of its own: each house through its index, until there is enough.
-- $1, $2 reach: institutions and their departments ('' all) $3 accounts $4 today $5 states in which the clock runs
-- $6 states that wait
WITH s AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::text[]) s (institution, department))
SELECT
    (SELECT count(*) FROM (SELECT FROM s, unnest('{submitted,registered}'::text[]) w (state), LATERAL (
        SELECT FROM casefile c WHERE c.institution = s.institution AND c.state = w.state AND c.closed_at IS NULL
            AND c.assignee IS NULL AND (s.department = '' OR c.department = s.department) LIMIT 1000) c LIMIT 1000) x),
    (SELECT count(*) FROM (SELECT FROM unnest($3::text[]) a (name), LATERAL (
        SELECT FROM casefile c WHERE c.assignee = a.name AND c.closed_at IS NULL AND EXISTS (SELECT FROM s
            WHERE c.institution = s.institution AND (s.department = '' OR c.department = s.department)) LIMIT 1000) c
        LIMIT 1000) x),
    (SELECT count(*) FROM (SELECT FROM s, LATERAL (
        SELECT FROM casefile c WHERE c.institution = s.institution AND coalesce(c.due, 'infinity'::date) = $4::date
            AND c.closed_at IS NULL AND c.state = ANY ($5::text[]) AND (s.department = '' OR c.department = s.department)
        LIMIT 1000) c LIMIT 1000) x),
    (SELECT count(*) FROM (SELECT FROM s, LATERAL (
        SELECT FROM casefile c WHERE c.institution = s.institution AND c.late_after < $4 AND c.closed_at IS NULL
            AND c.state = ANY ($5) AND (s.department = '' OR c.department = s.department) LIMIT 1000) c LIMIT 1000) x),
    (SELECT count(*) FROM (SELECT FROM s, LATERAL (
        SELECT FROM casefile c WHERE c.institution = s.institution AND c.closed_at IS NULL AND c.assignee IS NULL
            AND (s.department = '' OR c.department = s.department) LIMIT 1000) c LIMIT 1000) x),
    (SELECT count(*) FROM (SELECT FROM s, unnest($6::text[]) w (state), LATERAL (
        SELECT FROM casefile c WHERE c.institution = s.institution AND c.state = w.state AND c.closed_at IS NULL
            AND (s.department = '' OR c.department = s.department) LIMIT 1000) c LIMIT 1000) x),
    (SELECT count(*) FROM (SELECT FROM s, LATERAL (
        SELECT FROM casefile c WHERE c.institution = s.institution AND c.closed_at IS NULL AND c.attention <> ''
            AND (s.department = '' OR c.department = s.department) LIMIT 1000) c LIMIT 1000) x),
    (SELECT count(*) FROM (SELECT t.case_id FROM unnest($3) a (name) JOIN case_task t ON t.assignee = a.name
        JOIN casefile c ON c.id = t.case_id AND c.closed_at IS NULL WHERE t.done_at IS NULL
        UNION
        SELECT t.case_id FROM s JOIN case_task t ON t.institution = s.institution
            AND (s.department = '' OR t.department = s.department)
        JOIN casefile c ON c.id = t.case_id AND c.closed_at IS NULL
        WHERE t.done_at IS NULL AND t.assignee IS NULL LIMIT 1000) x),
    (SELECT count(*) FROM (SELECT DISTINCT p.case_id FROM case_print p
        JOIN document d ON d.id = p.document AND d.voided_at IS NULL AND d.disposed_at IS NULL
        JOIN casefile c ON c.id = p.case_id
        JOIN s ON s.institution = c.institution AND (s.department = '' OR c.department = s.department)
        WHERE p.printed_at IS NULL LIMIT 1000) x)
