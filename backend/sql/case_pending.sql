-- Registered requests above the mark that have no casefile, oldest first. $1 how many. The first two columns are read as
-- by case_request.
SELECT r.request, r.request_id, a.id, r.institution, r.register, r.year, r.n, r.service, r.service_version, r.channel,
    r.lang, (extract(epoch FROM r.registered_at) * 1000)::bigint, r.filed_on - date '1970-01-01', r.offline
FROM audit a JOIN request r USING (request_id), case_mark m
WHERE a.id > m.settled AND a.act = 'registered' AND NOT EXISTS (SELECT FROM casefile c WHERE c.id = r.request_id)
    AND NOT EXISTS (SELECT FROM case_unopened u WHERE u.request_id = r.request_id)
ORDER BY a.id LIMIT $1::int
