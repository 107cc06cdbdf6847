-- $1 now; those that were there when it began: $2
UPDATE holiday SET recomputed_at = to_timestamp($1::bigint / 1000.0)
WHERE recomputed_at IS NULL AND at <= to_timestamp($2::bigint / 1000.0)
