-- Is there a line with this number? $1 institution $2 register $3 year $4 n
SELECT EXISTS (SELECT FROM request WHERE (institution, register, year, n) = ($1::text, $2::text, $3::smallint, $4::int))
    OR EXISTS (SELECT FROM register_entry
        WHERE (institution, register, year, n) = ($1::text, $2::text, $3::smallint, $4::int))
