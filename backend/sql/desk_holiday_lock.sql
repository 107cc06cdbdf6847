-- Acts that count without this day are waited for (work_holidays_hold.sql).
SELECT pg_advisory_xact_lock(7210052)
