-- Cases with a letter that waits for paper, also those that have ended; parameters as in desk_mine, without accounts.
WITH k AS (
    SELECT @list_key@
    FROM (SELECT DISTINCT p.case_id FROM case_print p JOIN document d ON d.id = p.document
        WHERE p.printed_at IS NULL AND d.voided_at IS NULL AND d.disposed_at IS NULL) p
    JOIN casefile c ON c.id = p.case_id
    WHERE EXISTS (
        SELECT FROM unnest($1::text[], $2::text[]) s (institution, department)
        WHERE s.institution = c.institution AND (s.department = '' OR s.department = c.department)
    )
)
@list_page@
