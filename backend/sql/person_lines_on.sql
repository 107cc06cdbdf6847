-- Lines without a case, a page at a time, in the order of the book. $1 institutions; after: $2 institution $3 register
-- $4 year $5 n; $6 how many
@person_entry@
WHERE e.institution = ANY ($1::text[]) AND (e.institution, e.register, e.year, e.n) > ($2::text, $3::text, $4::smallint, $5::int)
    AND e.case_id IS NULL AND e.direction <> 'correction' AND e.subject_sum IS NULL
ORDER BY e.institution, e.register, e.year, e.n LIMIT $6::int
