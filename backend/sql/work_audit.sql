-- $1 institution or null $2 case or null $3 actor $4 act $5 detail or null $6 mac. Never a secret, never a citizen's name.
INSERT INTO audit (at, institution, request_id, actor, act, detail, mac)
VALUES (now(), $1::text, $2::uuid, $3::text, $4::text, $5::text, $6::bytea)
