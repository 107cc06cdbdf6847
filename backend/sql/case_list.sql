-- Newest first. $1 institution or null $2 state or null $3 how many
SELECT @case_columns@
FROM casefile c WHERE ($1::text IS NULL OR c.institution = $1) AND ($2::text IS NULL OR c.state = $2)
ORDER BY c.registered_at DESC, c.id LIMIT $3::int
