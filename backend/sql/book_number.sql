-- $1 institution $2 register $3 year $4 now. The next number; the first one of a year opens it.
WITH c AS (
    INSERT INTO register_counter AS c (institution, register, year, n)
    VALUES ($1::text, $2::text, $3::smallint, 1)
    ON CONFLICT (institution, register, year) DO UPDATE SET n = c.n + 1
    RETURNING n
), opened AS (
    INSERT INTO register_year (institution, register, year, opened_at, opened_by)
    SELECT $1, $2, $3, $4::timestamptz, 'system' FROM c WHERE n = 1
    ON CONFLICT (institution, register, year) DO NOTHING
)
SELECT n FROM c
