-- Registered, with a number, and no case yet. $1 how many
SELECT u.request_id, r.institution, r.register, r.n, r.year, r.service, u.since, u.tries, u.again_at, u.why
FROM case_unopened u JOIN request r USING (request_id) WHERE u.opened_at IS NULL ORDER BY u.since LIMIT $1::int
