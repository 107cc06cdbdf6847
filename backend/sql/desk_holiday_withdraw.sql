-- Terms are counted anew without it. $1 day $2 who
UPDATE holiday SET withdrawn_at = now(), withdrawn_by = $2::text, at = now(), recomputed_at = NULL
WHERE day = $1::date AND withdrawn_at IS NULL RETURNING day
