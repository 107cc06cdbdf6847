SELECT role, reach, institution, department FROM account_role WHERE account = $1::text AND revoked_at IS NULL
ORDER BY id
