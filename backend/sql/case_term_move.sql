-- A term computed anew. $1 id $2 extension or null $3 returned_days $4 due $5 due_minute $6 late_after $7 why $8 calc
-- $9 now
UPDATE case_term SET extension = $2, returned_days = $3::int, due = $4::date, due_minute = $5::int,
    late_after = $6::date, why = $7::jsonb, calc = $8::jsonb, computed_at = to_timestamp($9::bigint / 1000.0)
WHERE id = $1::bigint
