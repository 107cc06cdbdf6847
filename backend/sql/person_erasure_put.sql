-- $1 institution $2 number $3 now $4 by $5 minutes
INSERT INTO erasure (institution, n, at, by, document) VALUES ($1::text, $2::int, $3::timestamptz, $4::text, $5::uuid)
