-- Delivery of owed messages. An open row has no closed_at; what changes while it is open is in no index (HOT).
ALTER TABLE owed_message RENAME COLUMN sent_at TO closed_at;
ALTER TABLE owed_message
    ADD COLUMN state text COLLATE "C" NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'handing',
        'sent', 'unknown', 'failed', 'fell_back')),
    ADD COLUMN claim integer,                              -- the process that has it
    ADD COLUMN changed_at timestamptz,
    ADD COLUMN delivered_at timestamptz,                   -- the gateway's report
    ADD COLUMN reply integer,                              -- last SMTP or HTTP code, 0: none came
    ADD COLUMN detail text,                                -- last trouble, without personal data
    ADD COLUMN attention boolean NOT NULL DEFAULT false,   -- a clerk has to look
    ADD COLUMN fell_from bigint,                           -- the message that this one stands in for
    ADD COLUMN step text COLLATE "C" NOT NULL DEFAULT '',  -- with request, message and way: once only
    ADD COLUMN vars text,                                  -- JSON object of more placeholders, or null
    ADD COLUMN fallback text;                              -- address of the other way, or null: looked up
ALTER TABLE owed_message SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 20000);
DROP INDEX owed_message_open;
CREATE UNIQUE INDEX owed_message_open ON owed_message (id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX owed_message_closed ON owed_message (id) WHERE closed_at IS NOT NULL;
CREATE INDEX owed_message_request ON owed_message (request_id) WHERE closed_at IS NOT NULL;
CREATE INDEX owed_message_attention ON owed_message (id) WHERE attention;
-- The intake writes 'received' once by itself and is spared the look.
CREATE UNIQUE INDEX owed_message_once ON owed_message (request_id, message, step, way) WHERE message <> 'received';
