-- Lets go of files; the sweep looks whether something else names them. $1 hashes, hex. Answers with how many nothing names
-- as it stands.
WITH leaving AS (
    UPDATE blob SET leaving_at = now() FROM unnest($1::text[]) AS f (hash)
    WHERE sha256 = decode(f.hash, 'hex') AND gone_at IS NULL RETURNING sha256
)
SELECT count(DISTINCT l.sha256) FROM leaving l
WHERE NOT EXISTS (SELECT FROM document d WHERE d.sha256 = l.sha256 AND d.disposed_at IS NULL)
