-- $1 task $2 due $3 why $4 calc
UPDATE case_task SET due = $2::date, late_after = $2::date, why = $3::jsonb, calc = $4::jsonb WHERE id = $1::bigint
