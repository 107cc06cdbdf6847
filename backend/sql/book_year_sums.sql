-- $1 institution $2 register $3 year: what the protocol of the year says.
SELECT (SELECT count(*) FROM request r WHERE (r.institution, r.register, r.year) = ($1::text, $2::text, $3::smallint)),
    (SELECT count(*) FROM request r WHERE (r.institution, r.register, r.year) = ($1, $2, $3)
        AND NOT EXISTS (SELECT FROM casefile f WHERE f.request_id = r.request_id)),
    e."in", e.out, e.internal, e.correction,
    (SELECT count(*) FROM casefile f WHERE (f.institution, f.register, f.year) = ($1, $2, $3) AND f.closed_at IS NULL),
    (SELECT count(*) FROM casefile f WHERE (f.institution, f.register, f.year) = ($1, $2, $3)
        AND f.closed_at IS NOT NULL),
    p.pages, p.first, p.last
FROM (SELECT count(*) FILTER (WHERE direction = 'in') AS "in", count(*) FILTER (WHERE direction = 'out') AS out,
        count(*) FILTER (WHERE direction = 'internal') AS internal,
        count(*) FILTER (WHERE direction = 'correction') AS correction
    FROM register_entry WHERE (institution, register, year) = ($1, $2, $3)) e,
    (SELECT count(*) AS pages, min(day) AS first, max(day) AS last FROM register_day
    WHERE institution = $1 AND register = $2 AND day BETWEEN make_date($3, 1, 1) AND make_date($3, 12, 31)) p
