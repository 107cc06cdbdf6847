SELECT day - date '1970-01-01' FROM holiday WHERE withdrawn_at IS NULL ORDER BY day
