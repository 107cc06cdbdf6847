-- Drafts from before the seals.
SELECT case_id, title, body FROM draft WHERE sealed IS NULL AND (title <> '' OR body <> '') LIMIT 100 FOR UPDATE SKIP LOCKED
