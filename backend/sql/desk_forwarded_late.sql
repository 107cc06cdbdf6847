-- What went to another institution after the law's day for it, newest first. $1, $2 reach: institutions and their
-- departments ('' all) $3 registered since $4 department or null
SELECT coalesce(json_agg(json_build_object('case', x.id, 'number', x.number, 'service', x.service, 'due', x.late_after,
    'on', x.ended_on) ORDER BY x.ended_on DESC, x.id), '[]')
FROM (
    SELECT c.id, c.n || '/' || c.year AS number, c.service, t.late_after, t.ended_on
    FROM unnest($1::text[], $2::text[]) s (institution, department)
    JOIN casefile c ON c.institution = s.institution AND (s.department = '' OR c.department = s.department)
    JOIN case_term t ON t.case_id = c.id AND t.rule = 'og27.forward' AND t.ended_on > t.late_after
    WHERE c.state = 'forwarded' AND c.registered_at >= $3::date AND ($4::text IS NULL OR c.department = $4)
    ORDER BY t.ended_on DESC, c.id LIMIT 50
) x
