-- $1 institution $2 register $3 year: gives no number until the end of the transaction
SELECT 1 FROM register_counter WHERE (institution, register, year) = ($1::text, $2::text, $3::smallint) FOR UPDATE
