UPDATE terminal SET revoked_at = coalesce(revoked_at, now()) WHERE cn = $1::text RETURNING cn
