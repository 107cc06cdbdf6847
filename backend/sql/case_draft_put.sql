-- The text of another case's answer, as this one's. $1 case $2 now $3 author $4 template $5 lang $6 title $7 body
INSERT INTO draft AS d (case_id, version, at, author, template, lang, title, body)
VALUES ($1::uuid, 1, to_timestamp($2::bigint / 1000.0), $3, $4, $5, $6, $7)
ON CONFLICT (case_id) DO UPDATE SET version = d.version + 1, at = excluded.at, author = excluded.author,
    template = excluded.template, lang = excluded.lang, title = excluded.title, body = excluded.body
