-- $1 list $2 by $3 minutes $4 ms. Answers with their files.
WITH done AS (
    UPDATE disposal SET approved_at = to_timestamp($4::bigint / 1000.0), approved_by = $2, minutes = $3::uuid,
        done_at = to_timestamp($4::bigint / 1000.0)
    WHERE id = $1::uuid AND done_at IS NULL RETURNING cases
), gone AS (
    UPDATE document d SET disposed_at = to_timestamp($4::bigint / 1000.0), source = NULL
    FROM done WHERE d.case_id = ANY (done.cases) AND d.disposed_at IS NULL RETURNING d.sha256
), written AS (
    UPDATE draft SET title = '', body = '', sealed = NULL FROM done WHERE case_id = ANY (done.cases) RETURNING 1
)
SELECT DISTINCT encode(sha256, 'hex') FROM gone
