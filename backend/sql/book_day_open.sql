-- $1 institution $2 register $3 year $4 after this number $5 day: first and last number of a day not yet sealed
SELECT min(n), max(n) FROM register_line
WHERE institution = $1::text AND register = $2::text AND year = $3::smallint AND n > $4::int
    AND at >= $5::date::timestamp AT TIME ZONE 'Europe/Bucharest'
    AND at < ($5::date + 1)::timestamp AT TIME ZONE 'Europe/Bucharest'
