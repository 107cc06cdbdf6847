-- It hangs as long as the newest term of its rule. $1 case $2 institution $3 service $4 rule or null $5 document or null
-- $6 from $7 until $8 now $9 by
INSERT INTO notice (case_id, institution, service, rule, document, from_day, to_day, posted_at, posted_by, term)
VALUES ($1::uuid, $2, $3, $4, $5::uuid, $6::date, greatest($6::date, $7::date), to_timestamp($8::bigint / 1000.0), $9,
    (SELECT max(id) FROM case_term WHERE case_id = $1 AND rule = $4 AND ended_on IS NULL))
