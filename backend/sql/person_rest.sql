-- What else stands about a case, as JSON. $1 case
WITH RECURSIVE whose AS (SELECT $1::uuid AS id),
chosen AS (SELECT institution, register, year, n FROM register_entry WHERE false), @person_lines@
SELECT json_build_object(
    'events', (SELECT coalesce(json_agg(json_build_object('at', at, 'act', act, 'from', state_from, 'to', state_to,
        'given', given, 'public', public) ORDER BY id), '[]') FROM case_event WHERE case_id = $1::uuid),
    'notes', (SELECT coalesce(json_agg(json_build_object('at', at, 'text', text, 'public', public) ORDER BY id), '[]')
        FROM case_note WHERE case_id = $1),
    'terms', (SELECT coalesce(json_agg(json_build_object('rule', rule, 'due', due, 'why', why) ORDER BY id), '[]')
        FROM case_term WHERE case_id = $1),
    'opinions', (SELECT coalesce(json_agg(json_build_object('asked_at', asked_at, 'department', department, 'result',
        result, 'text', text) ORDER BY id), '[]') FROM case_task WHERE case_id = $1),
    'returned', (SELECT coalesce(json_agg(json_build_object('at', at, 'reason', reason, 'fields', fields, 'answered_at',
        answered_at) ORDER BY id), '[]') FROM case_return WHERE case_id = $1),
    'messages', (SELECT coalesce(json_agg(json_build_object('at', m.created_at, 'way', m.way, 'message', m.message,
        'to', m.recipient, 'state', m.state) ORDER BY m.id), '[]')
        FROM (SELECT * FROM owed_message WHERE closed_at IS NULL AND request_id = coalesce(c.request_id, c.id) UNION ALL
            SELECT * FROM owed_message WHERE closed_at IS NOT NULL AND request_id = coalesce(c.request_id, c.id)) m),
    'register', (SELECT coalesce(json_agg(json_build_object('register', e.register, 'year', e.year, 'n', e.n, 'at', e.at,
        'direction', e.direction, 'correspondent', e.correspondent, 'subject', e.subject, 'paper_on', e.paper_on,
        'paper_number', e.paper_number, 'corrects', e.corrects, 'reason', e.reason) ORDER BY e.year, e.n), '[]')
        FROM line JOIN register_entry e USING (institution, register, year, n)),
    'contact', json_build_object('email', c.email, 'phone', c.phone))
FROM casefile c WHERE c.id = $1
