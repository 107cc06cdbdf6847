-- The last id if nobody has vouched for the rows of before yet.
SELECT coalesce(max(id), 0)::text FROM audit
HAVING NOT EXISTS (SELECT FROM settings WHERE key = 'audit_vouched')
