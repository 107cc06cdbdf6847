SELECT name, full_name, institution, disabled_at IS NOT NULL, password IS NOT NULL, totp IS NOT NULL FROM account
WHERE $1::text IS NULL OR name = $1 ORDER BY name
