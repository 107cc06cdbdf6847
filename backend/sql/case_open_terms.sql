-- Cases whose terms run, after $1, $2 of them
SELECT DISTINCT case_id FROM case_term WHERE ended_on IS NULL AND ($1::uuid IS NULL OR case_id > $1::uuid)
ORDER BY case_id LIMIT $2::int
