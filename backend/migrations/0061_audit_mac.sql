-- Who wrote a row (backend/audit.h). Null in rows from before; one row, written by registryd, vouches for them.
ALTER TABLE audit ADD COLUMN mac bytea;
