-- $1 institution
SELECT name_ro, name_hu, name_en, coalesce(parent, ''), kind FROM institution WHERE id = $1
