-- $1 institution $2 register $3 year
SELECT n FROM register_counter WHERE (institution, register, year) = ($1::text, $2::text, $3::smallint)
