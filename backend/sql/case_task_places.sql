-- Who was ever asked. $1 case
SELECT DISTINCT institution, department FROM case_task WHERE case_id = $1::uuid
