-- Books whose first number came from the intake: their year is open since then.
INSERT INTO register_year (institution, register, year, opened_at, opened_by)
SELECT c.institution, c.register, c.year, r.registered_at, 'system'
FROM register_counter c JOIN request r USING (institution, register, year)
WHERE r.n = 1 AND NOT EXISTS (SELECT FROM register_year y
    WHERE (y.institution, y.register, y.year) = (c.institution, c.register, c.year))
ON CONFLICT (institution, register, year) DO NOTHING
