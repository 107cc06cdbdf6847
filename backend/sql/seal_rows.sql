-- The next requests that are not sealed. $1 the last one of before
SELECT request_id, request, signature FROM request
WHERE request_id > $1::uuid AND substr(request, 1, 1) = '\x00' ORDER BY request_id LIMIT 200
