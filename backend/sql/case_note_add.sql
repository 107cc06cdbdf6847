-- $1 case $2 now $3 author $4 public $5 text
INSERT INTO case_note (case_id, at, author, public, text)
VALUES ($1::uuid, to_timestamp($2::bigint / 1000.0), $3, $4::bool, $5) RETURNING id
