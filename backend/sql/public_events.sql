-- What the citizen may know of a case, oldest first: what the workflow calls public, and nothing given with it but
-- the reason. $1 case
SELECT (extract(epoch FROM at) * 1000)::bigint, act, coalesce(state_from, ''), coalesce(state_to, ''),
    coalesce(given ->> 'reason', '')
FROM case_event WHERE case_id = $1::uuid AND public ORDER BY id LIMIT 200
