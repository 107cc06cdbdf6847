-- What a case asked for before nobody was there for it (sql/case_unheld.sql): asked for again by whoever is.
ALTER TABLE casefile ADD COLUMN mark_before text;
