-- The last id and how many rows have no MAC, if nobody has vouched for the rows of before yet.
SELECT coalesce(max(id), 0) || ' ' || count(*) FILTER (WHERE mac IS NULL) FROM audit
HAVING NOT EXISTS (SELECT FROM settings WHERE key = 'audit_vouched')
