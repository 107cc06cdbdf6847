-- $1 account $2 address. Known: it has logged in from there within 90 days. One attempt at a time.
WITH known AS (
    SELECT EXISTS (SELECT FROM login_session WHERE account = $1::text AND address = $2::text
        AND began_at > now() - interval '90 days') AS yes
)
SELECT yes, pg_try_advisory_xact_lock(7210043, hashtext(CASE WHEN yes THEN $1 || ' ' || $2 ELSE $1 END)) FROM known
