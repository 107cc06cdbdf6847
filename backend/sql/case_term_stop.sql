-- $1 case $2 day $3 rule, or null: every one
UPDATE case_term SET ended_on = $2::date WHERE case_id = $1::uuid AND ended_on IS NULL AND ($3::text IS NULL OR rule = $3)
