-- $1 institution or null $2 register or null $3 year or null. Last number, sealed up to, what waits for a file, what
-- is still being worked on.
SELECT c.institution, c.register, c.year, c.n, coalesce(d.last_n, 0),
    (extract(epoch FROM y.opened_at) * 1000)::bigint, y.opened_by, (extract(epoch FROM y.closed_at) * 1000)::bigint,
    y.closed_by, y.open_document, y.close_document, d.day, encode(d.hash, 'hex')
FROM (
    SELECT institution, register, year, n FROM register_counter
    UNION ALL
    SELECT institution, register, year, 0 FROM register_year y WHERE NOT EXISTS (SELECT FROM register_counter c
        WHERE (c.institution, c.register, c.year) = (y.institution, y.register, y.year))
) c
LEFT JOIN register_year y USING (institution, register, year)
LEFT JOIN LATERAL (
    SELECT d.day, d.last_n, d.hash FROM register_day d
    WHERE d.institution = c.institution AND d.register = c.register
        AND d.day BETWEEN make_date(c.year, 1, 1) AND make_date(c.year, 12, 31)
    ORDER BY d.day DESC LIMIT 1
) d ON true
WHERE c.institution = coalesce($1::text, c.institution) AND c.register = coalesce($2::text, c.register)
    AND c.year = coalesce($3::smallint, c.year)
ORDER BY 1, 2, 3
