-- What a case of which somebody takes care again asks for; whether it is late may have changed meanwhile.
CASE WHEN 'late' = ANY (flags) THEN 'staff_late' ELSE coalesce(nullif(mark_before, 'staff_late'), '') END
