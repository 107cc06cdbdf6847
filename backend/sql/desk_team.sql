-- People with casework in reach and what they carry; who has left, until all of it is another's. A stand-in who is away
-- is none. $1, $2 reach: institutions and their departments ('' all)
-- $3 department or null $4 today $5 roles of casework
WITH team AS (
    SELECT DISTINCT r.account FROM account_role r JOIN unnest($1::text[], $2::text[]) s (institution, department)
        ON r.institution = s.institution AND (s.department = '' OR r.department IN ('', s.department))
    WHERE r.revoked_at IS NULL AND r.role = ANY ($5::text[]) AND ($3::text IS NULL OR r.department IN ('', $3))
), load AS (
    SELECT t.account, count(c.id) AS open, count(c.id) FILTER (WHERE c.late_after < $4::date) AS late,
        count(c.id) FILTER (WHERE c.due BETWEEN $4 AND $4 + 7) AS week
    FROM team t LEFT JOIN casefile c ON c.assignee = t.account AND c.closed_at IS NULL GROUP BY t.account
)
SELECT coalesce(json_agg(json_build_object('account', a.name, 'full_name', a.full_name, 'open', l.open, 'late', l.late,
    'due_week', l.week, 'gone', a.disabled_at IS NOT NULL,
    'absent', (SELECT json_build_object('from', d.from_day, 'to', d.to_day, 'to_account',
            (SELECT s.name FROM account s WHERE s.name = d.to_account AND s.disabled_at IS NULL
                AND NOT EXISTS (SELECT FROM delegation x WHERE x.account = s.name AND x.ended_at IS NULL
                    AND $4 BETWEEN x.from_day AND x.to_day)))
        FROM delegation d WHERE d.account = a.name AND d.ended_at IS NULL AND $4 BETWEEN d.from_day AND d.to_day
        ORDER BY d.id DESC LIMIT 1)) ORDER BY a.full_name), '[]')
FROM load l JOIN account a ON a.name = l.account AND (a.disabled_at IS NULL OR l.open > 0)
