-- Books that do not run from 1 to their counter without a gap or a double, and books without a counter.
WITH line AS (
    SELECT institution, register, year, n FROM request
    UNION ALL SELECT institution, register, year, n FROM register_entry
), book AS (
    SELECT institution, register, year, count(*) AS entries, count(DISTINCT n) AS numbers, min(n) AS first,
        max(n) AS last
    FROM line GROUP BY institution, register, year
)
SELECT coalesce(c.institution, b.institution), coalesce(c.register, b.register), coalesce(c.year, b.year),
    coalesce(c.n, 0), coalesce(b.entries, 0),
    c.n IS NOT DISTINCT FROM b.entries AND b.numbers = b.entries AND b.first = 1 AND b.last = b.entries
FROM register_counter c FULL JOIN book b USING (institution, register, year) ORDER BY 1, 2, 3
