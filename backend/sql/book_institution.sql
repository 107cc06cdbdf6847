-- $1 institution
SELECT kind, name_ro, name_hu, name_en FROM institution WHERE id = $1::text
