INSERT INTO account (name, full_name, institution) SELECT $1::text, $2::text, id FROM institution WHERE id = $3::text
ON CONFLICT (name) DO NOTHING RETURNING name
