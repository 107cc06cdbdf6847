-- As what they are, these are put into the statement that calls them; the seal costs a seventh. (Number to text is
-- stable to the planner, and a function that claims more than its parts is called row by row.)
ALTER FUNCTION audit_part(text) STABLE;
ALTER FUNCTION audit_canonical(bigint, timestamptz, audit) STABLE;
