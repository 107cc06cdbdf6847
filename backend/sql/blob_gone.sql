-- Of files that are held ($1 hashes, hex): which may go, now that nobody can begin to name them. What a paper names stays;
-- while a request of more than a day waits to become a case, its papers are not known and everything does.
UPDATE blob b SET leaving_at = NULL,
    gone_at = CASE WHEN EXISTS (SELECT FROM document d WHERE d.sha256 = b.sha256 AND d.disposed_at IS NULL) THEN NULL
        ELSE now() END
FROM unnest($1::text[]) AS f (hash)
WHERE b.sha256 = decode(f.hash, 'hex') AND NOT EXISTS (
    SELECT FROM audit a, case_mark m
    WHERE a.id > m.settled AND a.act = 'registered'
        AND (SELECT r.registered_at FROM request r WHERE r.request_id = a.request_id) < now() - interval '1 day'
        AND (SELECT c.id FROM casefile c WHERE c.id = a.request_id) IS NULL
)
RETURNING f.hash, b.gone_at IS NOT NULL
