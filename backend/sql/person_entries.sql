-- Lines of the book and what corrects them, as JSON. $1 lines
WITH RECURSIVE whose AS (SELECT NULL::uuid AS id WHERE false),
chosen AS (SELECT split_part(k, '/', 1) AS institution, split_part(k, '/', 2) AS register,
    split_part(k, '/', 3)::smallint AS year, split_part(k, '/', 4)::int AS n FROM unnest($1::text[]) k), @person_lines@
SELECT coalesce(json_agg(json_build_object('institution', e.institution, 'register', e.register, 'year', e.year, 'n', e.n,
    'at', e.at, 'direction', e.direction, 'department', e.department, 'correspondent', e.correspondent, 'subject', e.subject,
    'paper_on', e.paper_on, 'paper_number', e.paper_number, 'corrects', e.corrects, 'reason', e.reason)
    ORDER BY e.institution, e.register, e.year, e.n), '[]')
FROM line JOIN register_entry e USING (institution, register, year, n)
