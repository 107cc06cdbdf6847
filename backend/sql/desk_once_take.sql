-- Waits for whoever sends the same just now. $1 institution $2 key $3 account $4 keyed hash of what is sent $5 now
-- Takes a few away that are of no use any more: a page sends again while it stays open, and forgets its keys when it
-- is closed.
WITH gone AS (
    DELETE FROM desk_once WHERE (institution, key) IN (
        SELECT o.institution, o.key FROM desk_once o WHERE o.at < $5::timestamptz - interval '60 days'
            AND (o.institution, o.key) <> ($1::text, $2::uuid)
        ORDER BY o.at LIMIT 20 FOR UPDATE SKIP LOCKED)
)
INSERT INTO desk_once (institution, key, account, sent, at)
VALUES ($1, $2, $3::text, $4::bytea, $5)
ON CONFLICT (institution, key) DO NOTHING
RETURNING 1
