-- The bytes as they were signed. $1 case
SELECT r.request, r.request_id::text, r.receipt_code, r.terminal, encode(r.sha256, 'hex')
FROM casefile c JOIN request r USING (request_id) WHERE c.id = $1::uuid
