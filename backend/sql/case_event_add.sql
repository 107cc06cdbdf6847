-- $1 case $2 now $3 version $4 actor $5 act $6 from $7 to $8 given $9 public
INSERT INTO case_event (case_id, at, version, actor, act, state_from, state_to, given, public)
VALUES ($1::uuid, to_timestamp($2::bigint / 1000.0), $3::bigint, $4, $5, $6, $7, $8::jsonb, $9::bool)
