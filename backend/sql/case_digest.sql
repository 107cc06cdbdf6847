-- Whose cases, or those of whom they stand in for, are late or nearly so, and who is here and has not heard of it today.
-- $1 today $2 near until $3 now
WITH word AS (
    SELECT a.name, count(*) FILTER (WHERE c.late_after < $1::date) AS late,
        count(*) FILTER (WHERE c.late_after >= $1) AS near
    FROM account a CROSS JOIN LATERAL (
        SELECT a.name AS account UNION
        SELECT d.account FROM delegation d
        WHERE d.to_account = a.name AND d.ended_at IS NULL AND $1 BETWEEN d.from_day AND d.to_day
    ) w JOIN casefile c ON c.assignee = w.account AND c.closed_at IS NULL AND c.due <= $2::date
    WHERE a.email IS NOT NULL AND a.disabled_at IS NULL
        AND NOT EXISTS (SELECT FROM delegation d
            WHERE d.account = a.name AND d.ended_at IS NULL AND $1 BETWEEN d.from_day AND d.to_day)
        AND NOT EXISTS (SELECT FROM staff_digest d WHERE d.account = a.name AND d.day = $1)
    GROUP BY a.name
), said AS (
    INSERT INTO staff_digest (account, day, at) SELECT name, $1, to_timestamp($3::bigint / 1000.0) FROM word
    ON CONFLICT DO NOTHING RETURNING account
)
SELECT name, late, near FROM word JOIN said ON said.account = word.name ORDER BY 1
