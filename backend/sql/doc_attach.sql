-- Files that came with a request become documents of its case. $1 case $2 institution $3 lang $4 ms $5 title
-- $6 hashes, hex
INSERT INTO document (id, case_id, institution, kind, title, lang, sha256, size, type, made_at, made_by)
SELECT gen_random_uuid(), $1::uuid, $2, 'attachment', $5, $3, b.sha256, b.size, b.type,
    to_timestamp($4::bigint / 1000.0), 'citizen'
FROM unnest($6::text[]) WITH ORDINALITY AS f (hash, place) JOIN blob b ON b.sha256 = decode(f.hash, 'hex')
WHERE NOT EXISTS (SELECT FROM document d WHERE d.case_id = $1::uuid AND d.sha256 = b.sha256)
ORDER BY f.place
