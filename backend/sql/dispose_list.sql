-- $1 institution or null
SELECT id, institution, retention, to_char(listed_at, 'YYYY-MM-DD'), listed_by, cardinality(cases),
    coalesce(approved_by, ''), coalesce(to_char(done_at, 'YYYY-MM-DD'), '')
FROM disposal WHERE $1::text IS NULL OR institution = $1 ORDER BY listed_at
