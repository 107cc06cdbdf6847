-- Which terms of a case run: found by the case. Nothing asks by their day alone; while the table was young and without
-- statistics, the index by day was read from end to end, several times for each case that was opened.
CREATE INDEX case_term_runs ON case_term (case_id, id) WHERE ended_on IS NULL;
DROP INDEX case_term_open;
