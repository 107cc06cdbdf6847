-- Registered requests above the mark that have no casefile, oldest first. $1 how many. The first two columns are read as
-- by case_request. Each is looked up by itself: as joins they were two whole tables read, once a second.
SELECT r.request, r.request_id, a.id, r.institution, r.register, r.year, r.n, r.service, r.service_version, r.channel,
    r.lang, (extract(epoch FROM r.registered_at) * 1000)::bigint, r.filed_on - date '1970-01-01', r.offline
FROM case_mark m CROSS JOIN LATERAL (
    SELECT a.id, a.request_id FROM audit a
    WHERE a.id > m.settled AND a.act = 'registered'
        AND (SELECT q.request_id FROM request q WHERE q.request_id = a.request_id) IS NOT NULL
        AND (SELECT c.id FROM casefile c WHERE c.id = a.request_id) IS NULL
        AND (SELECT u.request_id FROM case_unopened u WHERE u.request_id = a.request_id) IS NULL
    ORDER BY a.id LIMIT $1::int
) a CROSS JOIN LATERAL (SELECT * FROM request q WHERE q.request_id = a.request_id LIMIT 1) r
ORDER BY a.id
