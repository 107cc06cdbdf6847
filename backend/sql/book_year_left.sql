-- Cases of a year that are still in work, by state: how many, and the first of their numbers.
-- $1 institution $2 register $3 year
SELECT state, count(*), coalesce(string_agg(n::text, ', ' ORDER BY n) FILTER (WHERE place <= 40), '')
FROM (SELECT state, n, row_number() OVER (PARTITION BY state ORDER BY n) AS place FROM casefile
    WHERE (institution, register, year) = ($1::text, $2::text, $3::smallint) AND closed_at IS NULL) f
GROUP BY state ORDER BY count(*) DESC, state
