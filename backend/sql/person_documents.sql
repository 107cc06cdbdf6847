-- $1 case: its papers whose bytes are kept
SELECT id, encode(sha256, 'hex'), type, kind, title FROM document
WHERE case_id = $1::uuid AND disposed_at IS NULL AND source IS NULL ORDER BY made_at, id
