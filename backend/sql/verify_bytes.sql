-- What was signed, for the check in ctl_requests.c, a page at a time. $1 the last one of before
SELECT request_id, encode(sha256, 'hex'), request, signature FROM request
WHERE request_id > $1::uuid AND request IS NOT NULL ORDER BY request_id LIMIT 256
