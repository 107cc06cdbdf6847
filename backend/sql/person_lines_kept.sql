-- Lines that stay as they are, because the hash of their page is made of their words (version 1). $1 cases
WITH RECURSIVE whose AS (SELECT unnest($1::uuid[]) AS id), @person_lines@
SELECT e.institution, e.register, e.year, e.n, e.at
FROM line JOIN register_entry e USING (institution, register, year, n)
WHERE e.salt IS NULL AND e.subject_sum IS NULL ORDER BY 1, 2, 3, 4
