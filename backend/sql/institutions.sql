SELECT id, name_ro, name_hu, name_en FROM institution ORDER BY id
