-- $1: request id, receipt code, or number as institution/register/year/n
SELECT request_id, institution, service, receipt_code FROM request
WHERE request_id::text = $1::text OR receipt_code = $1
    OR institution || '/' || register || '/' || year || '/' || n = $1 LIMIT 1
