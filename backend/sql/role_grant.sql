-- $1 account $2 role $3 reach $4 institution $5 department $6 by
INSERT INTO account_role (account, role, reach, institution, department, granted_by)
SELECT a.name, $2::text, $3::text, i.id, $5::text, $6::text FROM account a, institution i
WHERE a.name = $1::text AND i.id = $4::text
ON CONFLICT (account, role, reach, institution, department) WHERE revoked_at IS NULL DO NOTHING RETURNING id
