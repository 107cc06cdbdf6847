-- The date by which the case is answered, as it was counted last. $1 case
SELECT due - date '1970-01-01', due_minute, why ->> 'ro', why ->> 'hu', why ->> 'en', calc ->> 'ro', calc ->> 'hu',
    calc ->> 'en', ended_on IS NOT NULL
FROM case_term WHERE case_id = $1::uuid AND main ORDER BY id DESC LIMIT 1
