-- What happened to the papers of a case; it is no step of the workflow. $1 case $2 ms $3 actor $4 act $5 given
INSERT INTO case_event (case_id, at, version, actor, act, given)
SELECT id, to_timestamp($2::bigint / 1000.0), version, $3, $4, $5::jsonb FROM casefile WHERE id = $1::uuid
