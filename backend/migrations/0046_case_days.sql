-- What others are asked carries its calculation like the case itself. A row from before has none until it is counted anew.
ALTER TABLE case_task
    ADD COLUMN rule text COLLATE "C",       -- of terms.json; 'case': the term of the case
    ADD COLUMN why jsonb,                   -- {"ro": ..., "hu": ..., "en": ...}
    ADD COLUMN calc jsonb;
UPDATE case_task SET rule = CASE kind WHEN 'visit' THEN 'policy.visit' WHEN 'child' THEN 'policy.child'
    ELSE 'policy.opinion' END;
ALTER TABLE case_task ALTER COLUMN rule SET NOT NULL;

-- How many places there are of what an institution gives out; no row: nobody counts them.
CREATE TABLE place_stock (
    institution text COLLATE "C" NOT NULL,
    service text COLLATE "C" NOT NULL,
    n integer NOT NULL CHECK (n >= 0),
    at timestamptz NOT NULL,
    by text COLLATE "C" NOT NULL,
    PRIMARY KEY (institution, service)
);
