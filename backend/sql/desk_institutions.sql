SELECT coalesce(json_agg(json_build_object('id', id, 'kind', kind, 'parent', parent, 'name',
    json_build_object('ro', name_ro, 'hu', name_hu, 'en', name_en)) ORDER BY name_ro), '[]') FROM institution
