-- How much waits, and what a clerk has to look at.
SELECT (SELECT count(*) FROM owed_message WHERE closed_at IS NULL),
    (SELECT count(*) FROM owed_message WHERE attention)
