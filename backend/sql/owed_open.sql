SELECT count(*), coalesce(extract(epoch FROM now() - min(due_at)), 0)::bigint FROM owed_message WHERE sent_at IS NULL
