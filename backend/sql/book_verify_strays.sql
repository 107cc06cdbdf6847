-- $1 institution or null: pages of books that have no line, and casefiles whose number no line bears
SELECT 'page', d.institution, d.register, extract(year FROM d.day)::int, d.day::text FROM register_day d
WHERE d.institution = coalesce($1::text, d.institution) AND NOT EXISTS (SELECT FROM register_counter c
    WHERE c.institution = d.institution AND c.register = d.register AND c.year = extract(year FROM d.day))
UNION ALL
SELECT 'case', f.institution, f.register, f.year, f.n::text FROM casefile f
WHERE f.institution = coalesce($1, f.institution)
    AND NOT EXISTS (SELECT FROM request r
        WHERE (r.institution, r.register, r.year, r.n) = (f.institution, f.register, f.year, f.n))
    AND NOT EXISTS (SELECT FROM register_entry r
        WHERE (r.institution, r.register, r.year, r.n) = (f.institution, f.register, f.year, f.n))
ORDER BY 1, 2, 3, 4, 5
