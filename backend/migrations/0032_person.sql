-- A person's data may go after their term: then the row of the register stays, and what was written in it does not.
ALTER TABLE request ALTER COLUMN request DROP NOT NULL, ALTER COLUMN signature DROP NOT NULL;
