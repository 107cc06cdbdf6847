-- $1 request
SELECT receipt_code FROM request WHERE request_id = $1::uuid
