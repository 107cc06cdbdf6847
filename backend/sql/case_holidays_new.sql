-- Days off that were declared or withdrawn and are not counted with yet, each with its version; null: none.
SELECT string_agg(day || '@' || xmin, ',' ORDER BY day) FROM holiday WHERE recomputed_at IS NULL
