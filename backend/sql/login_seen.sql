-- A session was used. Nobody waits for the disk: what a crash forgets is half a minute of idling.
-- $1 token's hash, hex $2 now
UPDATE login_session SET seen_at = $2::timestamptz
WHERE token_hash = decode($1::text, 'hex') AND ended_at IS NULL AND set_config('synchronous_commit', 'off', true) = 'off'
