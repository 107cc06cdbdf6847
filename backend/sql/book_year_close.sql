-- $1 institution $2 register $3 year $4 now $5 by. From here on the counter refuses; nothing when it is closed.
WITH c AS (
    UPDATE register_counter SET closed_n = n
    WHERE (institution, register, year) = ($1::text, $2::text, $3::smallint) AND closed_n IS NULL
    RETURNING n
)
UPDATE register_year y SET closed_at = $4::timestamptz, closed_by = $5::text, last_n = c.n
FROM c WHERE (y.institution, y.register, y.year) = ($1, $2, $3) AND y.closed_at IS NULL
RETURNING y.last_n
