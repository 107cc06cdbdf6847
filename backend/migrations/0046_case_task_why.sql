-- What others are asked carries its calculation like the case itself. A row from before has none until it is counted anew.
ALTER TABLE case_task
    ADD COLUMN rule text COLLATE "C",       -- of terms.json; 'case': the term of the case
    ADD COLUMN why jsonb,                   -- {"ro": ..., "hu": ..., "en": ...}
    ADD COLUMN calc jsonb;
UPDATE case_task SET rule = CASE kind WHEN 'visit' THEN 'policy.visit' WHEN 'child' THEN 'policy.child'
    ELSE 'policy.opinion' END;
ALTER TABLE case_task ALTER COLUMN rule SET NOT NULL;
