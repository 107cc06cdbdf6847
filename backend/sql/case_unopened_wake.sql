-- The program is new: perhaps it can what it could not. $1 now
UPDATE case_unopened SET again_at = to_timestamp($1::bigint / 1000.0)
WHERE opened_at IS NULL AND again_at > to_timestamp($1::bigint / 1000.0)
