-- $1 institution: the number of its next erasure
SELECT coalesce(max(n), 0) + 1 FROM erasure WHERE institution = $1::text
