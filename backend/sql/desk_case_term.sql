-- The term that answers the request, while it runs. $1 case
SELECT rule, due, late_after, why, calc, began_on FROM case_term WHERE case_id = $1::uuid AND main AND ended_on IS NULL
ORDER BY id DESC LIMIT 1
