-- How a request was signed, sealed. $1 request
SELECT signature FROM request WHERE request_id = $1::uuid AND signature IS NOT NULL
