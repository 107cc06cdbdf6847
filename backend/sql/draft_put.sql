-- No row: somebody else was there first. $1 case $2 version seen $3 ms $4 author $5 template $6 lang $7 sealed, hex
WITH put AS (
    INSERT INTO draft (case_id, version, at, author, template, lang, sealed)
    SELECT $1::uuid, 1, to_timestamp($3::bigint / 1000.0), $4, $5, $6, decode($7, 'hex') WHERE $2::bigint = 0
    ON CONFLICT (case_id) DO NOTHING RETURNING version
), again AS (
    UPDATE draft SET version = version + 1, at = to_timestamp($3::bigint / 1000.0), author = $4, template = $5, lang = $6,
        title = '', body = '', sealed = decode($7, 'hex')
    WHERE case_id = $1::uuid AND version = $2::bigint AND $2::bigint > 0 RETURNING version
)
SELECT version FROM put UNION ALL SELECT version FROM again
