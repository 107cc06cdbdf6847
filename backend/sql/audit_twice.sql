-- Rows that bear another one's MAC; $1 institution or null for all.
SELECT coalesce(max(institution), ''), min(id), max(id) FROM audit
WHERE mac IS NOT NULL AND ($1::text IS NULL OR coalesce(institution, '') = $1)
GROUP BY mac HAVING count(*) > 1 ORDER BY 2 LIMIT 1000
