-- $1 cases: nobody works on them meanwhile
SELECT count(*) FROM (SELECT 1 FROM casefile WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE) x
