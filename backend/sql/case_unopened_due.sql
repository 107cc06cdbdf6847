-- Requests that lie apart and are tried again, columns as in case_pending. $1 now $2 how many
SELECT r.request, r.request_id, 0, r.institution, r.register, r.year, r.n, r.service, r.service_version, r.channel,
    r.lang, (extract(epoch FROM r.registered_at) * 1000)::bigint, r.filed_on - date '1970-01-01', r.offline
FROM case_unopened u JOIN request r USING (request_id)
WHERE u.opened_at IS NULL AND u.again_at <= to_timestamp($1::bigint / 1000.0) ORDER BY u.again_at LIMIT $2::int
