-- The same signed paper in another case: the same bytes, a row of its own. $1 document $2 case
INSERT INTO document (id, case_id, institution, kind, title, lang, sha256, size, type, pages, parent, made_at, made_by,
    source, signed_at, signed_by, signed_name, number)
SELECT gen_random_uuid(), $2::uuid, institution, kind, title, lang, sha256, size, type, pages, id, made_at, made_by,
    source, signed_at, signed_by, signed_name, number
FROM document WHERE id = $1::uuid
