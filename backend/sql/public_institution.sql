-- $1 institution
SELECT name_ro, name_hu, name_en FROM institution WHERE id = $1
