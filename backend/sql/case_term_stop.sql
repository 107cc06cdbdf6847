-- $1 case $2 day
UPDATE case_term SET ended_on = $2::date WHERE case_id = $1::uuid AND ended_on IS NULL
