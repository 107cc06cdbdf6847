-- The system could not go on: whoever works on the case is told. $1 case $2 attention
UPDATE casefile SET attention = $2, version = version + 1 WHERE id = $1::uuid AND closed_at IS NULL
RETURNING institution, version
