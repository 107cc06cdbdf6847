-- The timers of a case as it stands: those that no longer count are put aside. $1 case $2 timers $3 their times $4 version
-- $5 now
WITH wound AS MATERIALIZED (
    SELECT t, to_timestamp(m / 1000.0) AS at FROM unnest(string_to_array($2, ','), string_to_array($3, ',')::bigint[]) x (t, m)
), aside AS (
    UPDATE case_timer ct SET done_at = to_timestamp($5::bigint / 1000.0), gave_up_at = NULL
    WHERE case_id = $1::uuid AND (done_at IS NULL OR gave_up_at IS NOT NULL) AND NOT EXISTS (SELECT FROM wound v WHERE v.t = ct.timer AND v.at = ct.at)
)
INSERT INTO case_timer AS ct (case_id, timer, version, at) SELECT $1::uuid, t, $4::bigint, at FROM wound
ON CONFLICT (case_id, timer, at) DO UPDATE SET done_at = NULL, version = excluded.version, gave_up_at = NULL,
    tries = CASE WHEN ct.gave_up_at IS NULL THEN ct.tries ELSE 0 END,
    again_at = CASE WHEN ct.gave_up_at IS NULL THEN ct.again_at END
WHERE NOT ct.rang
