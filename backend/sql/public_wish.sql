-- The day that the citizen was told for what this rule asks, while it runs. $1 case $2 rule
SELECT due - date '1970-01-01', calc ->> 'ro', calc ->> 'hu', calc ->> 'en' FROM case_term
WHERE case_id = $1::uuid AND rule = $2 AND ended_on IS NULL ORDER BY id DESC LIMIT 1
