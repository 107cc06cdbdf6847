-- $1 id $2 case $3 institution $4 kind $5 title $6 lang $7 hash $8 size $9 type $10 pages $11 parent $12 template
-- $13 made, ms $14 by $15 source $16 signed, ms $17 by $18 name $19 number $20 certified, ms $21 by
INSERT INTO document (id, case_id, institution, kind, title, lang, sha256, size, type, pages, parent, template, made_at,
    made_by, source, signed_at, signed_by, signed_name, number, certified_at, certified_by)
VALUES ($1::uuid, $2::uuid, $3, $4, $5, $6, decode($7, 'hex'), $8::int, $9, $10::int, $11::uuid, $12,
    to_timestamp($13::bigint / 1000.0), $14, $15::jsonb, to_timestamp($16::bigint / 1000.0), $17, $18, $19,
    to_timestamp($20::bigint / 1000.0), $21)
