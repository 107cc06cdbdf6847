-- $1 case $2 now $3 by $4 reason $5 fields $6 token_hash
INSERT INTO case_return (case_id, at, by, reason, fields, token_hash)
VALUES ($1::uuid, to_timestamp($2::bigint / 1000.0), $3, $4, string_to_array($5, ','), $6::bytea)
