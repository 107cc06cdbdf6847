-- Does the assignee of the row c still do casework at its place? $2 roles of casework
EXISTS (SELECT FROM account_role r WHERE r.account = c.assignee AND r.revoked_at IS NULL
        AND r.role = ANY (string_to_array($2::text, ','))
        AND (r.institution = c.institution AND (r.reach = 'below' OR r.department IN ('', c.department))
            OR r.reach = 'below' AND EXISTS (
                WITH RECURSIVE up AS (
                    SELECT i.parent, 1 AS depth FROM institution i WHERE i.id = c.institution
                    UNION ALL
                    SELECT i.parent, up.depth + 1 FROM institution i JOIN up ON i.id = up.parent WHERE up.depth < 16
                ) SELECT FROM up WHERE up.parent = r.institution)))
