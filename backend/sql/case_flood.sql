-- The last id that the audit gave out: how fast it grows tells how much is being registered, by whatever process
SELECT coalesce(pg_sequence_last_value('audit_id_seq'), 0)
