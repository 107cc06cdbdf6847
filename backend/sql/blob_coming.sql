-- A file that is about to come ($2 its hash): for a day no sweep takes its bytes. Answers with what that sender ($1)
-- brought within a day.
WITH wanted AS (UPDATE blob SET wanted_at = now() WHERE sha256 = decode($2, 'hex'))
SELECT coalesce(sum(size), 0)::bigint FROM blob WHERE terminal = $1 AND received_at > now() - interval '1 day'
