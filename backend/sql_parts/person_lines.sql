-- Lines of the book that name who the cases in `whose` are of, or that were `chosen`: their papers, and what corrects them.
line AS (
    SELECT e.institution, e.register, e.year, e.n FROM chosen JOIN register_entry e USING (institution, register, year, n)
    UNION
    SELECT institution, register, year, n FROM register_entry WHERE case_id IN (SELECT id FROM whose)
    UNION
    SELECT institution, register, year, n FROM casefile WHERE id IN (SELECT id FROM whose)
    UNION
    SELECT e.institution, e.register, e.year, e.n FROM line l JOIN register_entry e
        ON e.institution = l.institution AND e.register = l.register AND e.corrects = l.n
            AND coalesce(e.corrects_year, e.year) = l.year
)
