-- As session.sql; the joins inside a batch are between lists of up to 256, which the planner takes for ten. Batches do
-- not wait for the disk, the flush does (intake.c).
SELECT set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_seqscan', 'off', false),
    set_config('enable_nestloop', 'off', false), set_config('jit', 'off', false),
    set_config('timezone', 'UTC', false), set_config('synchronous_commit', 'off', false)
