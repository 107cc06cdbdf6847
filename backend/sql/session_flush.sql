-- The flush waits for the disk and for a standby where there is one, whatever the server's default says.
SELECT set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local')
    THEN 'on' ELSE current_setting('synchronous_commit') END, false), set_config('timezone', 'UTC', false)
