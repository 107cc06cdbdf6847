-- One process seals at a time; until the end of the transaction. The number is any constant.
SELECT pg_try_advisory_xact_lock(7210044)
