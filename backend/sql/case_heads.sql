-- Who hears that work waits: the heads of the office or their stand-ins, and without any the approvers.
-- $1 today $2 institution $3 department
WITH @gone@, boss AS (
    SELECT DISTINCT a.name, r.role = 'approver' AS last FROM account_role r LEFT JOIN away w ON w.account = r.account
        JOIN account a ON a.name = coalesce(w.to_account, r.account)
    WHERE r.revoked_at IS NULL AND r.role IN ('head', 'approver') AND r.institution = $2 AND r.department IN ('', $3)
        AND a.email IS NOT NULL AND a.disabled_at IS NULL AND NOT EXISTS (SELECT FROM gone g WHERE g.name = r.account)
)
SELECT name FROM boss WHERE last = (SELECT bool_and(last) FROM boss) ORDER BY 1 LIMIT 20
