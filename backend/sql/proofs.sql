-- How the identity in a request was proven. $1: a request id or receipt code; '': the latest that are not proven by a
-- card. Names and numbers of persons are not shown.
SELECT r.request_id, r.n || '/' || to_char(r.filed_on, 'DD.MM.YYYY'), r.institution, r.service, r.terminal,
    coalesce(p ->> 'source', ''), coalesce(p ->> 'access', ''), coalesce(p ->> 'passive', ''),
    coalesce(p ->> 'passive_reason', ''), coalesce(p ->> 'csca', ''), coalesce(p ->> 'chip', '')
FROM request r CROSS JOIN LATERAL (SELECT r.request::json -> 'identity' AS p) i
WHERE CASE WHEN $1 = '' THEN p ->> 'passive' <> 'valid' OR p ->> 'chip' = 'failed'
    ELSE r.request_id::text = $1 OR r.receipt_code = $1 END
ORDER BY r.registered_at DESC LIMIT 100
