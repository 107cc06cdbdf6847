-- Plans are made once for tables of any size: young tables without statistics must not be read whole.
SELECT set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_seqscan', 'off', false),
    set_config('jit', 'off', false), set_config('timezone', 'UTC', false),
    set_config('datestyle', 'ISO', false)
