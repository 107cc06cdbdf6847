-- $1 institution $2 register $3 year $4 document $5 true: of the closing
UPDATE register_year SET open_document = CASE WHEN $5::bool THEN open_document ELSE $4::uuid END,
    close_document = CASE WHEN $5 THEN $4 ELSE close_document END
WHERE (institution, register, year) = ($1::text, $2::text, $3::smallint)
