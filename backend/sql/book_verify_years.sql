-- $1 institution or null: counters and years beside each other
SELECT coalesce(c.institution, y.institution), coalesce(c.register, y.register), coalesce(c.year, y.year),
    coalesce(c.n, 0), c.closed_n, y.year IS NOT NULL, y.closed_at IS NOT NULL, y.last_n
FROM register_counter c FULL JOIN register_year y USING (institution, register, year)
WHERE coalesce(c.institution, y.institution) = coalesce($1::text, c.institution, y.institution) ORDER BY 1, 2, 3
