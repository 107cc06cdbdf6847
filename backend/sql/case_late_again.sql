-- What rang because the day was over may ring for another day. The events keep that it rang. $1 case
UPDATE case_timer SET rang = false
WHERE case_id = $1::uuid AND rang AND (timer = 'late' OR starts_with(timer, 'escalate.'))
