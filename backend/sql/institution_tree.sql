SELECT id, coalesce(parent, ''), kind FROM institution ORDER BY id
