-- The rest the row does itself (0066). $1 cases $2 now $3 institution $4 number of the erasure
WITH RECURSIVE whose AS (SELECT unnest($1::uuid[]) AS id), @person_lines@,
files AS (UPDATE casefile SET erasure = $4::int WHERE id IN (SELECT id FROM whose) AND institution = $3::text)
UPDATE register_entry e SET erased_at = $2::timestamptz, erasure = $4
FROM line l
WHERE (e.institution, e.register, e.year, e.n) = (l.institution, l.register, l.year, l.n) AND e.institution = $3
    AND e.salt IS NOT NULL
RETURNING e.register, e.year, e.n
