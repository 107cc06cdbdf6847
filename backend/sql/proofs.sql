-- Requests whose proof of identity is asked for; the proof itself is in the sealed text. $1: a request id or receipt
-- code; '': all, the latest first, a page at a time, before $2.
SELECT r.request_id, r.n || '/' || to_char(r.filed_on, 'DD.MM.YYYY'), r.institution, r.service, r.terminal, r.request
FROM request r
WHERE CASE WHEN $1 = '' THEN r.request_id < $2::uuid ELSE r.request_id::text = $1 OR r.receipt_code = $1 END
ORDER BY r.request_id DESC LIMIT 100
