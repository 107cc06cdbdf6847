-- Who is asked when an office is. $1 institution $2 department
SELECT DISTINCT r.account FROM account_role r JOIN account a ON a.name = r.account
WHERE r.revoked_at IS NULL AND r.role IN ('expert', 'head') AND r.reach = 'department' AND r.institution = $1
    AND r.department = $2 AND a.email IS NOT NULL AND a.disabled_at IS NULL
ORDER BY 1 LIMIT 20
