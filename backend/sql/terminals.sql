-- Which certificates may speak, and for which institution.
SELECT c.serial, t.cn, t.institution FROM terminal_certificate c JOIN terminal t USING (cn)
WHERE c.revoked_at IS NULL AND t.revoked_at IS NULL ORDER BY c.serial
