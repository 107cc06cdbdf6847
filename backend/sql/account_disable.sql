-- $1 name $2 disabled. What is open ends with it.
WITH ended AS (
    UPDATE login_session SET ended_at = now(), ended_why = 'disabled'
    WHERE $2::bool AND account = $1::text AND ended_at IS NULL
)
UPDATE account SET disabled_at = CASE WHEN $2 THEN coalesce(disabled_at, now()) END WHERE name = $1
RETURNING institution
