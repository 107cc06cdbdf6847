-- Requests under a number: of this house's books ($2), and those that another house sent here under a number of ours.
-- $1 institution $3 year $4 number
SELECT request_id, receipt_code, encode(pin_verifier, 'hex') FROM request
WHERE institution = $1 AND register = ANY ($2::text[]) AND year = $3::smallint AND n = $4::integer
UNION
SELECT r.request_id, r.receipt_code, encode(r.pin_verifier, 'hex') FROM casefile c JOIN request r USING (request_id)
WHERE c.institution = $1 AND c.register = ANY ($2) AND c.year = $3 AND c.n = $4
LIMIT 12
