-- $1 institution
WITH RECURSIVE up AS (
    SELECT id, parent, kind, name_ro, 0 AS step FROM institution WHERE id = $1
    UNION ALL
    SELECT i.id, i.parent, i.kind, i.name_ro, up.step + 1 FROM institution i JOIN up ON i.id = up.parent WHERE up.step < 8
)
SELECT i.name_ro, i.name_hu, i.name_en, i.kind, coalesce(l.address, ''), encode(l.arms, 'hex'),
    coalesce(l.secretary, ''),
    coalesce((SELECT name_ro FROM up WHERE kind = 'county' AND step > 0 ORDER BY step LIMIT 1), '')
FROM institution i LEFT JOIN institution_letter l ON l.institution = i.id WHERE i.id = $1
