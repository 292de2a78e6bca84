-- find_fill
-- What is filled already.
-- In: part.  Out: 0 or 1 row.
SELECT fingerprint, demo_day
FROM demo_fill
WHERE part = :part

-- note_fill
-- Remembers from which data a part was filled; the day of the first time stays.
-- In: part, fingerprint, demo_day.  Out: nothing.
INSERT INTO demo_fill (part, fingerprint, demo_day)
VALUES (:part, :fingerprint, :demo_day)
ON CONFLICT (part) DO UPDATE SET fingerprint = EXCLUDED.fingerprint

-- list_borders
-- Borders of a town and of those near it, where generated segments end.
-- In: town (AGS).  Out: 1 row for each; border (WKB, lines, EPSG:25832).
SELECT ST_AsBinary(ST_Boundary(near.boundary)) AS border
FROM town AS here
INNER JOIN town AS near ON ST_DWithin(near.boundary, here.boundary, 3000)
WHERE here.ags = :town
ORDER BY near.ags
