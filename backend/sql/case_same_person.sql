-- Did the same person write both? $1, $2 cases
SELECT 1 FROM casefile a, casefile b
WHERE a.id = $1::uuid AND b.id = $2::uuid AND CASE WHEN a.cnp_hash IS NOT NULL AND b.cnp_hash IS NOT NULL
    THEN a.cnp_hash = b.cnp_hash ELSE a.person <> '' AND a.person = b.person END
