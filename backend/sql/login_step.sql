-- A code serves once: $2 must be later than every step used before.
UPDATE account SET totp_step = $2::bigint WHERE name = $1::text AND totp_step < $2 RETURNING name
