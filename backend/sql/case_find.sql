-- $1 institution $2 register or null $3 number $4 year or null $5 a register to prefer or null
SELECT id FROM casefile WHERE institution = $1 AND n = $3::int AND ($2::text IS NULL OR register = $2)
    AND ($4::int IS NULL OR year = $4::int)
ORDER BY (register = $5) DESC NULLS LAST, year DESC, register LIMIT 1
