-- Lines of the book by their number, with what was corrected of them. $1 institution $2 register or null $3 year $4 n
SELECT e.institution, e.register, e.year, e.n, (extract(epoch FROM e.at) * 1000)::bigint, e.department,
    e.direction = 'correction', e.case_id IS NOT NULL, e.subject_sum IS NOT NULL, e.salt IS NULL,
    concat_ws(' ', e.correspondent, e.subject, (SELECT string_agg(c.subject, ' ') FROM register_entry c
        WHERE c.institution = e.institution AND c.register = e.register AND c.corrects = e.n
            AND coalesce(c.corrects_year, c.year) = e.year))
FROM register_entry e
WHERE e.institution = $1::text AND e.n = $4::int AND e.year = $3::smallint AND e.register = coalesce($2::text, e.register)
