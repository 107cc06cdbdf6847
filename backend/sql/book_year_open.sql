-- $1 institution $2 register $3 year $4 now $5 by. Nothing when it is open.
INSERT INTO register_year (institution, register, year, opened_at, opened_by)
VALUES ($1::text, $2::text, $3::smallint, $4::timestamptz, $5::text)
ON CONFLICT (institution, register, year) DO NOTHING
RETURNING year
