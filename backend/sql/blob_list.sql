SELECT encode(sha256, 'hex'), size FROM blob ORDER BY sha256
