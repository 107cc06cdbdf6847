-- $1, $2 reach: institutions and their departments ('' all) $3 accounts $4 today $5 states in which the clock runs
-- $6 states that wait $7, $8 reach for opinions
SELECT count(*) FILTER (WHERE c.assignee IS NULL AND c.state IN ('submitted', 'registered')) AS register,
    count(*) FILTER (WHERE c.assignee = ANY ($3::text[])) AS mine,
    count(*) FILTER (WHERE c.due = $4::date AND c.state = ANY ($5::text[])) AS today,
    count(*) FILTER (WHERE c.late_after < $4 AND c.state = ANY ($5)) AS late,
    count(*) FILTER (WHERE c.assignee IS NULL) AS unassigned,
    count(*) FILTER (WHERE c.state = ANY ($6::text[])) AS waiting,
    count(*) FILTER (WHERE c.attention <> '') AS attention,
    (SELECT count(DISTINCT t.case_id) FROM case_task t JOIN casefile o ON o.id = t.case_id AND o.closed_at IS NULL
        WHERE t.done_at IS NULL AND (t.assignee = ANY ($3) OR t.assignee IS NULL AND EXISTS (
            SELECT FROM unnest($7::text[], $8::text[]) s (institution, department)
            WHERE s.institution = t.institution AND (s.department = '' OR s.department = t.department)))) AS opinions
FROM unnest($1::text[], $2::text[]) s (institution, department)
JOIN casefile c ON c.institution = s.institution AND c.closed_at IS NULL
    AND (s.department = '' OR c.department = s.department)
