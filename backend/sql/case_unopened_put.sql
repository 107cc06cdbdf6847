-- No case could be made of it: it lies apart and is tried again, each time later, six hours at most. $1 request $2 now
-- $3 why
INSERT INTO case_unopened AS u (request_id, since, tries, again_at, why)
VALUES ($1::uuid, to_timestamp($2::bigint / 1000.0), 1, to_timestamp($2::bigint / 1000.0) + interval '10 seconds', $3)
ON CONFLICT (request_id) DO UPDATE SET tries = least(u.tries + 1, 30000), why = excluded.why,
    again_at = excluded.since + least(interval '10 seconds' * 4 ^ least(u.tries, 8), interval '6 hours')
