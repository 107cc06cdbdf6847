-- What a short list is sorted by ($3), of a row c.
CASE $3::text WHEN 'number' THEN (1000000 + c.year)::text || (10000000000 + c.n)::text
        WHEN 'registered' THEN to_char(c.registered_at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS')
        ELSE coalesce(c.due, 'infinity'::date)::text END COLLATE "C" AS key, c.id
