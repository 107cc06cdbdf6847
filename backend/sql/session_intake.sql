-- As session.sql; the joins inside a batch are between lists of up to 256, which the planner takes for ten.
SELECT set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_seqscan', 'off', false),
    set_config('enable_nestloop', 'off', false),
    set_config('jit', 'off', false), set_config('timezone', 'UTC', false)
