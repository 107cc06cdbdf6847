-- The files go along: the same bytes, rows of the new case that point to the old ones. $1 old $2 new $3 institution $4 now
-- $5 by
INSERT INTO document (id, case_id, institution, kind, title, lang, sha256, size, type, pages, parent, made_at, made_by)
SELECT gen_random_uuid(), $2::uuid, $3, kind, title, lang, sha256, size, type, pages, id,
    to_timestamp($4::bigint / 1000.0), $5
FROM document WHERE case_id = $1::uuid AND kind IN ('request', 'attachment', 'scan') AND voided_at IS NULL
