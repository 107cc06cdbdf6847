INSERT INTO institution AS i (id, parent, kind, siruta, name_ro, name_hu, name_en)
VALUES ($1::text, $2::text, $3::text, $4::int, $5::text, $6::text, $7::text)
ON CONFLICT (id) DO UPDATE SET parent = excluded.parent, kind = excluded.kind, siruta = excluded.siruta,
    name_ro = excluded.name_ro, name_hu = excluded.name_hu, name_en = excluded.name_en, loaded_at = now()
