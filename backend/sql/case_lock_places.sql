-- Who gives a place, or gives one back, goes alone: before any case is locked. $1 case $2 another or null
SELECT 1 FROM place_stock s
WHERE (s.institution, s.service) IN (SELECT c.institution, c.service FROM casefile c WHERE c.id IN ($1::uuid, $2::uuid))
ORDER BY s.institution, s.service FOR UPDATE
