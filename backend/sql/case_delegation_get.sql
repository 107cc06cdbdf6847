-- $1 id
SELECT account FROM delegation WHERE id = $1::bigint AND ended_at IS NULL
