-- The open return of a case, or the one a link names. $1 case or null $2 token_hash or null
SELECT id, case_id, (extract(epoch FROM at) * 1000)::bigint, reason, array_to_string(fields, ',') FROM case_return
WHERE answered_at IS NULL AND (case_id = $1::uuid OR token_hash = $2::bytea)
