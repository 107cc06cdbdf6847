-- A file this visit has sent. $1 hash of the token $2 SHA-256 in hex. None when it has sent enough.
UPDATE public_visit SET files = array_append(files, $2::text)
WHERE token_hash = $1::bytea AND cardinality(files) < 40 RETURNING 1
