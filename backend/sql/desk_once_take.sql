-- Waits for whoever sends the same just now. $1 institution $2 key $3 account $4 keyed hash of what is sent $5 now
INSERT INTO desk_once (institution, key, account, sent, at)
VALUES ($1::text, $2::uuid, $3::text, $4::bytea, $5::timestamptz)
ON CONFLICT (institution, key) DO NOTHING
RETURNING 1
