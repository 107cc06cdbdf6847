-- Does the assignee of the row c still do casework at its place? $2 roles of casework
EXISTS (SELECT FROM account_role r WHERE r.account = c.assignee AND r.revoked_at IS NULL
        AND r.role = ANY (string_to_array($2::text, ','))
        AND (r.reach = 'below' OR r.institution = c.institution AND r.department IN ('', c.department)))
