-- Days that timers count from. $1 case
SELECT (SELECT max(due) - date '1970-01-01' FROM case_task WHERE case_id = $1::uuid AND kind = 'opinion' AND done_at IS NULL),
    (SELECT max(due) - date '1970-01-01' FROM case_term WHERE case_id = $1::uuid AND ended_on IS NULL
        AND rule = 'policy.contest'),
    (SELECT max(due) - date '1970-01-01' FROM case_term WHERE case_id = $1::uuid AND ended_on IS NULL
        AND NOT main AND rule LIKE 'cc.%'),
    (SELECT max(due) - date '1970-01-01' FROM case_term WHERE case_id = $1::uuid AND ended_on IS NULL
        AND rule = 'policy.offer')
