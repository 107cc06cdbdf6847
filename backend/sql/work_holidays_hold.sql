-- Who counts days in an act holds off who declares one, until it is kept: what was counted without a new day is there to be
-- counted anew (desk_holiday_lock.sql).
SELECT pg_advisory_xact_lock_shared(7210052)
