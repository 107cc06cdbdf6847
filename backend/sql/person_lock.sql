-- $1 cases $2 lines of the book: nobody works on them meanwhile
WITH chosen AS (SELECT split_part(k, '/', 1) AS institution, split_part(k, '/', 2) AS register,
    split_part(k, '/', 3)::smallint AS year, split_part(k, '/', 4)::int AS n FROM unnest($2::text[]) k)
SELECT (SELECT count(*) FROM (SELECT 1 FROM casefile WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE) x),
    (SELECT count(*) FROM (SELECT 1 FROM register_entry e JOIN chosen USING (institution, register, year, n)
        ORDER BY e.institution, e.register, e.year, e.n FOR UPDATE OF e) y)
