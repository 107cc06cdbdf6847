-- $1 institution or null $2 actor $3 act $4 detail or null $5 mac. Never a secret, never a citizen's name.
INSERT INTO audit (at, institution, actor, act, detail, mac)
VALUES (now(), $1::text, $2::text, $3::text, $4::text, $5::bytea)
