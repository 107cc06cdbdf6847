-- The third wrong PIN ends the session. $1 token's hash, hex $2 now $3 was it right
UPDATE login_session SET locked_at = CASE WHEN $3::bool THEN NULL ELSE $2::timestamptz END,
    seen_at = CASE WHEN $3 THEN $2 ELSE seen_at END, pin_wrong = CASE WHEN $3 THEN 0 ELSE pin_wrong + 1 END,
    ended_at = CASE WHEN NOT $3 AND pin_wrong >= 2 THEN $2 END, ended_why = CASE WHEN NOT $3 AND pin_wrong >= 2 THEN 'pin' END
WHERE token_hash = decode($1::text, 'hex') RETURNING 3 - pin_wrong
