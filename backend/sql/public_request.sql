-- A registered request, as far as its owner sees it without a casefile. $1 request
SELECT r.n, (extract(epoch FROM r.registered_at) * 1000)::bigint, r.filed_on - date '1970-01-01',
    r.due - date '1970-01-01', r.service, r.institution, r.register
FROM request r WHERE r.request_id = $1::uuid
