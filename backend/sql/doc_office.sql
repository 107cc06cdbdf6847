-- $1 account $2 ro $3 hu $4 en
UPDATE account SET office_ro = $2, office_hu = $3, office_en = $4 WHERE name = $1 RETURNING institution
