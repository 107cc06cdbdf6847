-- Open cases whose assignee is not there, nor a stand-in, or works elsewhere since a role was taken back: they ask for a
-- look, in place of a mark that only the assignee would have seen. No version: whoever works on one is not disturbed. The
-- last column: it was written down before. $1 today $2 roles of casework $3 states $4 now
WITH @gone@, moved AS MATERIALIZED (
    SELECT account, max(revoked_at)::date::text AS since FROM account_role
    WHERE revoked_at > to_timestamp($4::bigint / 1000.0) - interval '30 days' GROUP BY account
), work AS (
    SELECT c.id, g.since FROM gone g JOIN casefile c ON c.assignee = g.name AND c.closed_at IS NULL
    UNION ALL
    SELECT c.id, m.since FROM moved m JOIN casefile c ON c.assignee = m.account AND c.closed_at IS NULL
    WHERE NOT @in_reach@
), free AS (
    SELECT c.id, w.since FROM work w JOIN casefile c ON c.id = w.id
    WHERE c.state = ANY (string_to_array($3, ',')) AND c.attention IN ('', 'staff_due_soon', 'staff_late', 'staff_correction')
    LIMIT 200 FOR UPDATE OF c SKIP LOCKED
)
UPDATE casefile c SET attention = 'staff_unheld', mark_before = c.attention FROM free f WHERE c.id = f.id
RETURNING c.id, c.institution, c.version, c.department, c.assignee, f.since,
    (SELECT full_name FROM account WHERE name = c.assignee),
    EXISTS (SELECT FROM case_event v WHERE v.case_id = c.id AND v.act = 'unheld'
        AND v.given @> jsonb_build_object('assignee', c.assignee, 'since', f.since))
