-- Open cases in which an opinion, a visit or a record is asked of these accounts or of their departments.
-- $1, $2 reach: institutions and their departments ('' all) $3 sort: due number registered $4 downwards
-- $5, $6 cursor: key, id $7 how many $8 accounts
WITH k AS (
    SELECT @list_key@
    FROM casefile c
    WHERE c.closed_at IS NULL AND c.id IN (
        SELECT t.case_id FROM case_task t
        WHERE t.done_at IS NULL AND t.kind IN ('opinion', 'visit', 'record', 'child')
            AND (t.assignee = ANY ($8::text[]) OR t.assignee IS NULL AND EXISTS (
                SELECT FROM unnest($1::text[], $2::text[]) s (institution, department)
                WHERE s.institution = t.institution AND (s.department = '' OR s.department = t.department)
            ))
    )
)
@list_page@
