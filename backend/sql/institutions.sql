SELECT id, name_ro, name_hu, name_en, kind FROM institution ORDER BY id
