-- Closed so long ago that the whole years are over, counted from the January after; not on an open list, not disposed.
-- $1 institution $2 class $3 years $4 ms now
SELECT c.id, c.register, c.n, (extract(epoch FROM c.registered_at) * 1000)::bigint, c.service, c.service_version,
    (extract(epoch FROM c.closed_at) * 1000)::bigint,
    (SELECT count(*) FROM document d WHERE d.case_id = c.id AND d.disposed_at IS NULL)
FROM casefile c
WHERE c.institution = $1 AND c.retention = $2 AND c.closed_at IS NOT NULL
    AND make_date(extract(year FROM c.closed_at AT TIME ZONE 'Europe/Bucharest')::int + $3::int + 1, 1, 1)
        <= (to_timestamp($4::bigint / 1000.0) AT TIME ZONE 'Europe/Bucharest')::date
    AND NOT EXISTS (SELECT FROM disposal x WHERE x.institution = $1 AND c.id = ANY (x.cases))
ORDER BY c.register, c.year, c.n LIMIT 2000
