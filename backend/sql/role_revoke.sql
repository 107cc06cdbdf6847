-- As role_grant.sql.
UPDATE account_role SET revoked_at = now(), revoked_by = $6::text
WHERE account = $1::text AND role = $2::text AND reach = $3::text AND institution = $4::text
    AND department = $5::text AND revoked_at IS NULL RETURNING id
