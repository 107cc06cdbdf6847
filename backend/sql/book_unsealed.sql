-- Books with a page before $1 (midnight that began today) that is not sealed; a missing number counts as one.
SELECT c.institution, c.register, c.year FROM register_counter c
LEFT JOIN LATERAL (
    SELECT d.last_n FROM register_day d
    WHERE d.institution = c.institution AND d.register = c.register
        AND d.day BETWEEN make_date(c.year, 1, 1) AND make_date(c.year, 12, 31)
    ORDER BY d.day DESC LIMIT 1
) d ON true
WHERE c.n > coalesce(d.last_n, 0)
    AND NOT EXISTS (SELECT FROM request r WHERE r.institution = c.institution AND r.register = c.register
        AND r.year = c.year AND r.n = coalesce(d.last_n, 0) + 1 AND r.registered_at >= $1::timestamptz)
    AND NOT EXISTS (SELECT FROM register_entry r WHERE r.institution = c.institution AND r.register = c.register
        AND r.year = c.year AND r.n = coalesce(d.last_n, 0) + 1 AND r.at >= $1::timestamptz)
ORDER BY 1, 2, 3
