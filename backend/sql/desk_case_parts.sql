-- What hangs on a case, as JSON: terms, notes, tasks, messages, returns, links. A request that went on to another house
-- has a case here and there: each shows the messages of its own steps. $1 case $2 its request, or the case
SELECT (SELECT coalesce(json_agg(json_build_object('id', t.id, 'rule', t.rule, 'due', t.due, 'why', t.why, 'calc', t.calc, 'main',
        t.main, 'ended_at', t.ended_on, 'notice', EXISTS (SELECT FROM notice n WHERE n.case_id = t.case_id AND n.term = t.id
        AND n.taken_down_at IS NULL)) ORDER BY t.id), '[]') FROM case_term t WHERE t.case_id = $1::uuid),
    (SELECT coalesce(json_agg(json_build_object('at', n.at, 'author', n.author, 'author_name', coalesce(a.full_name, ''),
        'text', n.text, 'public', n.public) ORDER BY n.id), '[]')
        FROM case_note n LEFT JOIN account a ON a.name = n.author WHERE n.case_id = $1),
    (SELECT coalesce(json_agg(json_build_object('id', t.id, 'kind', t.kind, 'institution', t.institution, 'department',
        t.department, 'assignee', t.assignee, 'binding', t.binding, 'asked_at', t.asked_at, 'due', t.due, 'calc', t.calc,
        'done_at', t.done_at, 'done_by', t.done_by, 'result', t.result, 'text', t.text) ORDER BY t.id), '[]')
        FROM case_task t WHERE t.case_id = $1),
    (SELECT coalesce(json_agg(json_build_object('id', m.id::text, 'way', m.way, 'message', m.message, 'state', m.state,
        'at', coalesce(m.delivered_at, m.changed_at, m.created_at), 'detail', coalesce(m.detail, ''), 'attention',
        m.attention) ORDER BY m.id), '[]')
        FROM (SELECT * FROM owed_message WHERE closed_at IS NULL AND request_id = $2::uuid UNION ALL
            SELECT * FROM owed_message WHERE closed_at IS NOT NULL AND request_id = $2) m
        WHERE starts_with(m.step, $1::text) OR m.step = '' AND m.request_id = $1::uuid),
    (SELECT coalesce(json_agg(json_build_object('at', r.at, 'by', r.by, 'reason', r.reason, 'fields', r.fields,
        'answered_at', r.answered_at) ORDER BY r.id), '[]') FROM case_return r WHERE r.case_id = $1),
    (SELECT coalesce(json_agg(json_build_object('kind', l.kind, 'case', o.id, 'number', o.n || '/' || o.year) ORDER BY l.id),
        '[]')
        FROM (SELECT id, kind, other AS far FROM case_link WHERE case_id = $1 UNION
            SELECT id, kind, case_id FROM case_link WHERE other = $1) l JOIN casefile o ON o.id = l.far)
