-- The request of a case, and for paper its own answers. $1 case
SELECT r.request, r.request_id, encode(c.answers, 'hex') FROM casefile c LEFT JOIN request r USING (request_id)
WHERE c.id = $1::uuid
