-- Who worked on the case, the last one first; and then who heads its house. $1 case $2 institution
SELECT actor, 'work' FROM (SELECT actor, max(id) AS last FROM case_event
    WHERE case_id = $1::uuid AND actor NOT IN ('system', 'citizen') GROUP BY actor ORDER BY last DESC LIMIT 20) w
UNION ALL
SELECT account, 'head' FROM (SELECT r.account FROM account_role r JOIN account a ON a.name = r.account
    WHERE r.role = 'approver' AND r.institution = $2 AND r.revoked_at IS NULL AND a.disabled_at IS NULL
    ORDER BY r.id LIMIT 1) h
