-- Lines of the book for a person: what they are, and their words with what was corrected of them.
SELECT e.institution, e.register, e.year, e.n, (extract(epoch FROM e.at) * 1000)::bigint, e.department,
    e.direction = 'correction', e.case_id IS NOT NULL, e.subject_sum IS NOT NULL, e.salt IS NULL,
    concat_ws(' ', nullif(e.correspondent, ''), e.subject, (SELECT string_agg(c.subject, ' ') FROM register_entry c
        WHERE c.institution = e.institution AND c.register = e.register AND c.corrects = e.n
            AND coalesce(c.corrects_year, c.year) = e.year))
FROM register_entry e
