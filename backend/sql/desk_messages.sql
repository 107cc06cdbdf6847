-- Messages that a clerk has to look at, each with the case whose step owed it. $1, $2 reach: institutions and their departments ('' all)
SELECT coalesce(json_agg(json_build_object('id', m.id::text, 'case', c.id, 'number', c.n || '/' || c.year, 'way', m.way,
    'message', m.message, 'state', m.state, 'at', coalesce(m.changed_at, m.created_at), 'detail', coalesce(m.detail, ''),
    'attention', m.attention) ORDER BY m.id DESC), '[]')
FROM (SELECT * FROM owed_message WHERE attention ORDER BY id DESC LIMIT 1000) m
JOIN LATERAL (
    SELECT * FROM casefile WHERE id = m.request_id UNION ALL
    SELECT * FROM casefile WHERE request_id = m.request_id AND id <> m.request_id
) c ON (starts_with(m.step, c.id::text) OR m.step = '' AND m.request_id = c.id) AND EXISTS (
    SELECT FROM unnest($1::text[], $2::text[]) s (institution, department)
    WHERE s.institution = c.institution AND (s.department = '' OR s.department = c.department)
)
