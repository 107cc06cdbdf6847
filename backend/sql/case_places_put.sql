-- $1 institution $2 service $3 how many $4 now $5 by
INSERT INTO place_stock (institution, service, n, at, by) VALUES ($1, $2, $3::int, to_timestamp($4::bigint / 1000.0), $5)
ON CONFLICT (institution, service) DO UPDATE SET n = excluded.n, at = excluded.at, by = excluded.by
