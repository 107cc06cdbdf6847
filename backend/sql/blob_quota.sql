-- Bytes that this sender brought within a day.
SELECT coalesce(sum(size), 0)::bigint FROM blob WHERE terminal = $1 AND received_at > now() - interval '1 day'
