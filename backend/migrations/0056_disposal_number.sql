-- The number that an inventory was printed with: kept, not counted again by a clock that may jump.
ALTER TABLE disposal ADD COLUMN n bigint;
UPDATE disposal x SET n = (SELECT count(*) FROM disposal y
    WHERE y.institution = x.institution AND (y.listed_at, y.id) <= (x.listed_at, x.id));
ALTER TABLE disposal ALTER COLUMN n SET NOT NULL, ADD UNIQUE (institution, n);
