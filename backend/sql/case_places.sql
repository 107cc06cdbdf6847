-- How many places there are; no row: nobody counts them. $1 institution $2 service
SELECT n FROM place_stock WHERE institution = $1 AND service = $2
