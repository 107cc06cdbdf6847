-- $1 keys
SELECT key, (extract(epoch FROM since) * 1000)::bigint, used, times,
    coalesce((extract(epoch FROM until) * 1000)::bigint, 0)
FROM public_use WHERE key = ANY ($1::text[]) ORDER BY key FOR UPDATE
