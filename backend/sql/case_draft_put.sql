-- The text of another case's answer, as this one's. $1 case $2 now $3 author $4 template $5 lang $6 sealed, hex
INSERT INTO draft AS d (case_id, version, at, author, template, lang, sealed)
VALUES ($1::uuid, 1, to_timestamp($2::bigint / 1000.0), $3, $4, $5, decode($6, 'hex'))
ON CONFLICT (case_id) DO UPDATE SET version = d.version + 1, at = excluded.at, author = excluded.author,
    template = excluded.template, lang = excluded.lang, title = '', body = '', sealed = excluded.sealed
