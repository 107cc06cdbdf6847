-- What the citizen may know of a case and of those it came from, oldest first: what the workflow calls public, and nothing given with it but
-- the reason. $1 case
SELECT (extract(epoch FROM at) * 1000)::bigint, act, coalesce(state_from, ''), coalesce(state_to, ''),
    coalesce(given ->> 'reason', ''), case_id
FROM case_event WHERE case_id IN (SELECT $1::uuid UNION SELECT o.id FROM casefile c JOIN casefile o USING (request_id)
    WHERE c.id = $1) AND public ORDER BY id LIMIT 200
