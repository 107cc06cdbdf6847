-- Accounts of these institutions and their roles, as JSON. $1 institutions $2 names of the roles: {"clerk": {"ro": ...}}
SELECT coalesce(json_agg(json_build_object('account', a.name, 'full_name', a.full_name, 'institution', a.institution,
    'active', a.disabled_at IS NULL, 'password', a.password IS NOT NULL, 'totp', a.totp IS NOT NULL,
    'roles', (SELECT coalesce(json_agg(json_build_object('role', r.role, 'name', $2::jsonb -> r.role, 'reach', r.reach,
        'institution', r.institution, 'department', nullif(r.department, '')) ORDER BY r.id), '[]')
        FROM account_role r WHERE r.account = a.name AND r.revoked_at IS NULL)) ORDER BY a.name), '[]')
FROM account a WHERE a.institution = ANY ($1::text[])
