-- $1 task $2 due
UPDATE case_task SET due = $2::date, late_after = $2::date WHERE id = $1::bigint
