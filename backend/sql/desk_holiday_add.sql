-- One that was withdrawn may be declared again. $1 day $2 name $3 who
INSERT INTO holiday AS h (day, name, at, by) VALUES ($1::date, $2::text, now(), $3::text)
ON CONFLICT (day) DO UPDATE SET name = excluded.name, at = excluded.at, by = excluded.by, recomputed_at = NULL,
    withdrawn_at = NULL, withdrawn_by = NULL
WHERE h.withdrawn_at IS NOT NULL RETURNING day
