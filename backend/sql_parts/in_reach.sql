-- Does the assignee of the row c still work at its place?
EXISTS (SELECT FROM account_role r WHERE r.account = c.assignee AND r.revoked_at IS NULL
        AND (r.reach = 'below' OR r.institution = c.institution AND r.department IN ('', c.department)))
