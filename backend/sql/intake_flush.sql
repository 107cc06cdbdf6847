-- Writes one record and waits until it is on disk, and with it all that was committed before.
SELECT pg_logical_emit_message(true, 'pridvor', '')
