-- The rest the row does itself (0066). $1 cases $2 now $3 institution $4 number of the erasure $5 lines
WITH RECURSIVE whose AS (SELECT unnest($1::uuid[]) AS id),
chosen AS (SELECT split_part(k, '/', 1) AS institution, split_part(k, '/', 2) AS register,
    split_part(k, '/', 3)::smallint AS year, split_part(k, '/', 4)::int AS n FROM unnest($5::text[]) k), @person_lines@,
files AS (UPDATE casefile SET erasure = $4::int WHERE id IN (SELECT id FROM whose) AND institution = $3::text)
UPDATE register_entry e SET erased_at = $2::timestamptz, erasure = $4
FROM line l
WHERE (e.institution, e.register, e.year, e.n) = (l.institution, l.register, l.year, l.n) AND e.institution = $3
    AND e.salt IS NOT NULL
RETURNING e.register, e.year, e.n
