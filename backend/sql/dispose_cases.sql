-- Of a list, as they stand now; late: still open or no longer over its term. $1 list $2 years $3 ms
SELECT c.id, c.register, c.n, (extract(epoch FROM c.registered_at) * 1000)::bigint, c.service, c.service_version,
    (extract(epoch FROM c.closed_at) * 1000)::bigint,
    (SELECT count(*) FROM document d WHERE d.case_id = c.id AND d.disposed_at IS NULL),
    c.closed_at IS NULL OR c.retention IS DISTINCT FROM x.retention
    OR make_date(extract(year FROM c.closed_at AT TIME ZONE 'Europe/Bucharest')::int + $2::int + 1, 1, 1)
        > (to_timestamp($3::bigint / 1000.0) AT TIME ZONE 'Europe/Bucharest')::date
FROM disposal x JOIN casefile c ON c.id = ANY (x.cases) WHERE x.id = $1::uuid ORDER BY c.register, c.year, c.n
