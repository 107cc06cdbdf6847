-- $1 institution or null $2 actor $3 act $4 detail or null. Never a secret, never a citizen's name.
INSERT INTO audit (at, institution, actor, act, detail) VALUES (now(), $1::text, $2::text, $3::text, $4::text)
