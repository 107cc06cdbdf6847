-- What guards ask that nobody settles by hand. $1 case $2 today $3 request or case, as messages name it
SELECT
    EXISTS (SELECT FROM case_task WHERE case_id = $1::uuid AND kind = 'opinion' AND done_at IS NULL AND due >= $2::date),
    EXISTS (SELECT FROM case_task WHERE case_id = $1::uuid AND binding AND result = 'negative'),
    (SELECT due - date '1970-01-01' FROM case_term WHERE case_id = $1::uuid AND NOT main AND ended_on IS NULL
        AND (rule LIKE 'cc.%' OR rule = 'policy.contest') ORDER BY id DESC LIMIT 1),
    (SELECT rule = 'policy.contest' FROM case_term WHERE case_id = $1::uuid AND NOT main AND ended_on IS NULL
        AND (rule LIKE 'cc.%' OR rule = 'policy.contest') ORDER BY id DESC LIMIT 1),
    EXISTS (SELECT FROM document WHERE case_id = $1::uuid AND source IS NOT NULL AND kind <> 'certified'
        AND voided_at IS NULL),
    coalesce((SELECT answers IS NOT NULL FROM case_return WHERE case_id = $1::uuid ORDER BY id DESC LIMIT 1), false),
    EXISTS (SELECT FROM owed_message WHERE closed_at IS NOT NULL AND request_id = $3::uuid AND way = 'email'
        AND state = 'sent' AND step LIKE $1 || '/%'
        AND message IN ('answered', 'ready', 'decided', 'field_answer', 'permit_issued')),
    EXISTS (SELECT FROM case_note WHERE case_id = $1::uuid) OR EXISTS (SELECT FROM case_event
        WHERE case_id = $1::uuid AND act = 'visit'),
    EXISTS (SELECT FROM document WHERE case_id = $1::uuid AND kind IN ('scan', 'attachment') AND voided_at IS NULL),
    (SELECT author FROM draft WHERE case_id = $1::uuid)
