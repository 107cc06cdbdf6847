-- The term by whose day a notice comes down: its sentence says why, and a new holiday moves both.
ALTER TABLE notice ADD COLUMN term bigint;
UPDATE notice n SET term = (SELECT max(t.id) FROM case_term t
    WHERE t.case_id = n.case_id AND t.rule = n.rule AND t.due = n.to_day);

-- A day off declared by mistake is taken back; the row stays.
ALTER TABLE holiday
    ADD COLUMN withdrawn_at timestamptz,
    ADD COLUMN withdrawn_by text COLLATE "C";
