-- People whose work nobody does on the day $1, and since what: their account is closed or they are away, and nobody
-- stands in who is there.
away AS MATERIALIZED (
    SELECT id, account, to_account FROM delegation WHERE ended_at IS NULL AND $1::date BETWEEN from_day AND to_day
), gone AS MATERIALIZED (
    SELECT a.name, string_agg(concat_ws('.', a.disabled_at::date, w.id, s.disabled_at::date, x.id), '-' ORDER BY w.id) AS since
    FROM account a LEFT JOIN away w ON w.account = a.name LEFT JOIN account s ON s.name = w.to_account
        LEFT JOIN away x ON x.account = w.to_account
    WHERE a.disabled_at IS NOT NULL OR w.id IS NOT NULL
    GROUP BY a.name HAVING bool_and(w.id IS NULL OR s.disabled_at IS NOT NULL OR x.id IS NOT NULL)
)
