-- The first number from $4 on that no line bears. $1 institution $2 register $3 year
SELECT coalesce(min(g), $4::int)
FROM generate_series($4, (SELECT c.n FROM register_counter c
    WHERE (c.institution, c.register, c.year) = ($1::text, $2::text, $3::smallint))) g
WHERE NOT EXISTS (SELECT FROM request r WHERE (r.institution, r.register, r.year, r.n) = ($1, $2, $3, g))
    AND NOT EXISTS (SELECT FROM register_entry r WHERE (r.institution, r.register, r.year, r.n) = ($1, $2, $3, g))
