-- The signature of a request, sealed, and the hash of what was signed. $1 request
SELECT signature, encode(sha256, 'hex') FROM request WHERE request_id = $1::uuid
