-- Cases by their number. $1 institution $2 register or null $3 year $4 n
SELECT id FROM casefile WHERE institution = $1::text AND n = $4::int AND year = $3::smallint
    AND register = coalesce($2::text, register)
