-- $1 day $2 name $3 who
INSERT INTO holiday (day, name, at, by) VALUES ($1::date, $2::text, now(), $3::text) ON CONFLICT DO NOTHING RETURNING day
