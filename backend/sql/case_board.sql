-- The notice board of an institution on a day: nothing of persons. $1 institution $2 day
SELECT b.service, coalesce(b.rule, ''), b.from_day - date '1970-01-01', b.to_day - date '1970-01-01', b.document, c.register,
    c.n, (extract(epoch FROM c.registered_at) * 1000)::bigint
FROM notice b JOIN casefile c ON c.id = b.case_id
WHERE b.institution = $1 AND b.taken_down_at IS NULL AND $2::date BETWEEN b.from_day AND b.to_day
ORDER BY b.from_day, b.id LIMIT 500
