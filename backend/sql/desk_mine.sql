-- Open cases of these accounts.
-- $1, $2 reach: institutions and their departments ('' all) $3 sort: due number registered $4 downwards
-- $5, $6 cursor: key, id $7 how many $8 accounts
WITH k AS (
    SELECT @list_key@
    FROM casefile c
    WHERE c.assignee = ANY ($8::text[]) AND c.closed_at IS NULL AND EXISTS (
        SELECT FROM unnest($1::text[], $2::text[]) s (institution, department)
        WHERE s.institution = c.institution AND (s.department = '' OR s.department = c.department)
    )
)
@list_page@
