-- In one CASE the filters count for half: one by one they would look so rare that the whole house is read and sorted.
CASE WHEN (s.department = '' OR c.department = s.department)
    AND ($3::text[] IS NULL OR c.state = ANY ($3)) AND (NOT $4::bool OR c.assignee IS NULL)
    AND ($5::text IS NULL OR c.department = $5) AND ($6::text IS NULL OR c.service = $6)
    AND ($7::text IS NULL OR c.assignee = $7) AND ($8::date IS NULL OR c.late_after < $8)
    THEN true ELSE false END
