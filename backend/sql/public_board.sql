-- What hangs on the notice boards today: what it is about, until when and why so long, no more. $1 today
SELECT i.name_ro, i.name_hu, i.name_en, n.service, n.from_day - date '1970-01-01', n.to_day - date '1970-01-01',
    t.calc ->> 'ro', t.calc ->> 'hu', t.calc ->> 'en'
FROM notice n JOIN institution i ON i.id = n.institution LEFT JOIN case_term t ON t.id = n.term
WHERE n.taken_down_at IS NULL AND $1::date BETWEEN n.from_day AND n.to_day
ORDER BY i.name_ro, i.id, n.to_day, n.id LIMIT 2000
