-- Absences that are not over, one's own and those in reach. $1, $2 reach: institutions and their departments ('' all)
-- $3 account $4 today
SELECT coalesce(json_agg(json_build_object('id', d.id::text, 'account', d.account, 'full_name', a.full_name, 'to_account',
    d.to_account, 'to_name', b.full_name, 'from', d.from_day, 'to', d.to_day, 'reason', d.reason) ORDER BY d.from_day, d.id),
    '[]')
FROM delegation d JOIN account a ON a.name = d.account JOIN account b ON b.name = d.to_account
WHERE d.ended_at IS NULL AND d.to_day >= $4::date AND ($3::text IN (d.account, d.to_account) OR EXISTS (
    SELECT FROM account_role r JOIN unnest($1::text[], $2::text[]) s (institution, department)
        ON r.institution = s.institution AND (s.department = '' OR r.department IN ('', s.department))
    WHERE r.account = d.account AND r.revoked_at IS NULL))
