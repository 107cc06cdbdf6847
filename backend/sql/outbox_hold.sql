-- This process is alive as long as its connection holds the lock of its claim. $1 claim
SELECT pg_try_advisory_lock(7210042, $1::int)
