-- What a letter was rendered from: values, title and text as they stood, so that the signed one says the same.
ALTER TABLE document ADD COLUMN source jsonb;
-- Disposed of: the row stays, the bytes are gone. The same bytes may come again.
ALTER TABLE blob ADD COLUMN gone_at timestamptz;
