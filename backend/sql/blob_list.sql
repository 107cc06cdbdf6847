SELECT encode(sha256, 'hex'), size FROM blob WHERE gone_at IS NULL ORDER BY sha256
