-- Requests without their line in the audit, and lines without their request.
SELECT coalesce(r.request_id, a.request_id)
FROM request r FULL JOIN (SELECT request_id FROM audit WHERE act = 'registered') a USING (request_id)
WHERE r.request_id IS NULL OR a.request_id IS NULL LIMIT 100
