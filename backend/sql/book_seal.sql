-- $1 institution $2 register $3 year $4 today $5 now. Pages sealed, and the number that is missing.
SELECT pages, gap FROM book_seal($1::text, $2::text, $3::int, $4::date, $5::timestamptz)
