-- Lines that stay as they are, because the hash of their page is made of their words (version 1). $1 cases $2 lines
WITH RECURSIVE whose AS (SELECT unnest($1::uuid[]) AS id),
chosen AS (SELECT split_part(k, '/', 1) AS institution, split_part(k, '/', 2) AS register,
    split_part(k, '/', 3)::smallint AS year, split_part(k, '/', 4)::int AS n FROM unnest($2::text[]) k), @person_lines@
SELECT e.institution, e.register, e.year, e.n, e.at
FROM line JOIN register_entry e USING (institution, register, year, n)
WHERE e.salt IS NULL AND e.subject_sum IS NULL ORDER BY 1, 2, 3, 4
