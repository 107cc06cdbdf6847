-- For those who watch the machine.
SELECT (SELECT count(*) FROM case_unopened WHERE opened_at IS NULL),
    (SELECT count(*) FROM case_timer WHERE gave_up_at IS NOT NULL)
