-- $1 registers $2 number $3 year $4 institution or null: what is printed on a slip says neither institution nor
-- register in full.
WITH asked AS (
    SELECT i.id AS institution, g AS register FROM institution i, unnest($1::text[]) AS g
    WHERE $4::text IS NULL OR i.id = $4
)
SELECT institution, register, (extract(epoch FROM min(registered_at)) * 1000)::bigint FROM (
    SELECT a.institution, a.register, c.registered_at FROM asked a JOIN casefile c
        ON (c.institution, c.register, c.year, c.n) = (a.institution, a.register, $3::int, $2::int)
    UNION ALL
    SELECT a.institution, a.register, r.registered_at FROM asked a JOIN request r
        ON (r.institution, r.register, r.year, r.n) = (a.institution, a.register, $3, $2)
) AS x
GROUP BY institution, register ORDER BY institution, register
