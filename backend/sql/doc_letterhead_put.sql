-- $1 institution $2 address $3 secretary $4 arms, hex; null keeps what is there
INSERT INTO institution_letter (institution, address, secretary, arms)
SELECT id, coalesce($2, ''), coalesce($3, ''), decode($4::text, 'hex') FROM institution WHERE id = $1
ON CONFLICT (institution) DO UPDATE SET address = coalesce($2, institution_letter.address),
    secretary = coalesce($3, institution_letter.secretary),
    arms = coalesce(decode($4::text, 'hex'), institution_letter.arms)
RETURNING 1
