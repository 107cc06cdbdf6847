-- $1 request id or receipt code
SELECT request_id, institution, request, signature FROM request
WHERE request_id::text = $1::text OR receipt_code = $1 LIMIT 1
