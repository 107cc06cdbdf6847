-- Lines of the book by their number, with what was corrected of them. $1 institution $2 register or null $3 year $4 n
@person_entry@
WHERE e.institution = $1::text AND e.n = $4::int AND e.year = $3::smallint AND e.register = coalesce($2::text, e.register)
