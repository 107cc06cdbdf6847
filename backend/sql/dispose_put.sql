-- $1 id $2 institution $3 class $4 ms $5 by $6 cases $7 inventory $8 number
INSERT INTO disposal (id, institution, retention, listed_at, listed_by, cases, inventory, n)
VALUES ($1::uuid, $2, $3, to_timestamp($4::bigint / 1000.0), $5, $6::uuid[], $7::uuid, $8::bigint)
