-- Held until the end of the transaction: who brings one of these just now waits, or is not disturbed. What came within a
-- day may belong to a request that is still on its way.
SELECT encode(sha256, 'hex') FROM blob
WHERE leaving_at IS NOT NULL AND greatest(received_at, wanted_at) < now() - interval '1 day'
ORDER BY sha256 LIMIT 500 FOR UPDATE SKIP LOCKED
