-- While a mail server is down for days, tens of thousands of messages wait: the page of a case and the failing of one
-- message looked through them all.
CREATE INDEX owed_message_waits ON owed_message (request_id) WHERE closed_at IS NULL;
