-- $1 case $2 act
SELECT 1 FROM case_event WHERE case_id = $1::uuid AND act = $2 LIMIT 1
