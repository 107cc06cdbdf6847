SELECT t.cn, t.institution, CASE WHEN t.revoked_at IS NULL THEN 'active' ELSE 'revoked' END,
    to_char(max(c.not_after) FILTER (WHERE c.revoked_at IS NULL), 'YYYY-MM-DD')
FROM terminal t LEFT JOIN terminal_certificate c USING (cn) GROUP BY t.cn ORDER BY t.cn
