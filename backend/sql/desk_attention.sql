-- Open cases that ask for a look; parameters as in desk_mine, without accounts.
WITH k AS (
    SELECT @list_key@
    FROM casefile c
    WHERE c.closed_at IS NULL AND c.attention <> '' AND c.institution = ANY ($1::text[]) AND EXISTS (
        SELECT FROM unnest($1, $2::text[]) s (institution, department)
        WHERE s.institution = c.institution AND (s.department = '' OR s.department = c.department)
    )
)
@list_page@
