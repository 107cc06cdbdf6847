SELECT count(*) FROM holiday WHERE recomputed_at IS NULL
