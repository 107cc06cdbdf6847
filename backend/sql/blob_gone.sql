-- Disposed of. $1 hash
UPDATE blob SET gone_at = now() WHERE sha256 = decode($1, 'hex')
