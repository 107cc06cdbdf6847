-- The signature of a request, sealed. $1 request
SELECT signature FROM request WHERE request_id = $1::uuid
