-- A casefile as it is after an act. $1 id $2 version before $3 version $4 state $5 flags $6 department $7 assignee $8 author
-- $9 entered_at $10 closed_at $11 due $12 late_after $13 facts $14 attention $15 escalated $16 sealed $17 filed_on
-- $18 dispose_after
UPDATE casefile SET version = $3::bigint, state = $4, flags = string_to_array($5, ','), department = $6, assignee = $7,
    author = $8, entered_at = to_timestamp($9::bigint / 1000.0), closed_at = to_timestamp($10::bigint / 1000.0),
    due = $11::date, late_after = $12::date, facts = $13::jsonb, attention = $14, escalated = $15::int, sealed = $16::bool,
    filed_on = $17::date, dispose_after = coalesce($18::date, dispose_after)
WHERE id = $1::uuid AND version = $2::bigint RETURNING 1
