-- The case of a registered request. $1 request
SELECT id FROM casefile WHERE request_id = $1::uuid
