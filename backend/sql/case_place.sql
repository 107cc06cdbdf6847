-- $1: id of a case or request, receipt code, or number as institution/register/year/n. Where the case stands now; a
-- request that is no case yet (last column) stands where its service puts it.
WITH asked AS (
    SELECT CASE WHEN $1 ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' THEN $1::uuid END AS id,
        CASE WHEN $1 ~ '^[^/]+/[^/]+/[0-9]{4}/[0-9]{1,9}$' THEN string_to_array($1::text, '/') END AS number
), filed AS (
    SELECT r.* FROM request r, asked a WHERE r.request_id = a.id OR r.receipt_code = $1
        OR (r.institution, r.register, r.year, r.n) = (a.number[1], a.number[2], a.number[3]::int, a.number[4]::int)
), file AS (
    SELECT c.* FROM casefile c, asked a WHERE c.id = a.id OR c.request_id = (SELECT request_id FROM filed)
        OR (c.institution, c.register, c.year, c.n) = (a.number[1], a.number[2], a.number[3]::int, a.number[4]::int)
    ORDER BY c.id = a.id DESC NULLS LAST, c.registered_at DESC LIMIT 1
)
SELECT institution, service, department, sealed, false FROM file
UNION ALL
SELECT institution, service, NULL, false, true FROM filed WHERE NOT EXISTS (SELECT FROM file)
LIMIT 1
