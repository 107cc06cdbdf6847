-- The number that comes next, for who prepares a paper with it; taken only by book_number. $1 institution $2 register $3 year
SELECT coalesce((SELECT n FROM register_counter WHERE institution = $1 AND register = $2 AND year = $3::smallint), 0) + 1
