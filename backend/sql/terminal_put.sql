-- A terminal keeps its institution for life: its old requests would change theirs.
INSERT INTO terminal AS t (cn, institution) VALUES ($1::text, $2::text)
ON CONFLICT (cn) DO UPDATE SET revoked_at = NULL WHERE t.institution = excluded.institution RETURNING cn
