-- What the steps of a case were given last: paper, reason, legal basis. $1 case
SELECT (SELECT given ->> 'document' FROM case_event WHERE case_id = $1::uuid AND given ->> 'document' <> 'draft'
        AND state_to IS NOT NULL ORDER BY id DESC LIMIT 1),
    (SELECT given ->> 'reason' FROM case_event WHERE case_id = $1::uuid AND given ? 'reason' AND state_to IS NOT NULL
        ORDER BY id DESC LIMIT 1),
    (SELECT given ->> 'legal_basis' FROM case_event WHERE case_id = $1::uuid AND given ? 'legal_basis'
        ORDER BY id DESC LIMIT 1)
