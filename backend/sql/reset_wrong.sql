-- After five the code is void; the administrator makes another.
UPDATE account SET reset_wrong = reset_wrong + 1 WHERE name = $1::text AND reset_hash IS NOT NULL AND reset_wrong < 5
