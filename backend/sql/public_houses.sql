-- The houses that take requests, with their names.
SELECT id, name_ro, name_hu, name_en FROM institution WHERE kind <> 'county' ORDER BY name_ro, id
