-- Findings of what stands near a place that has changed.

-- counting_near
-- What counts and comes near an area, by its own area or its detour.
-- In: area (EWKB, EPSG:25832).  Out: ids of occupations, ascending.
SELECT occupation.occupation_id
FROM occupation
WHERE occupation.counts AND occupation.area && ST_GeomFromEWKB(:area)
UNION
SELECT occupation.occupation_id
FROM occupation
WHERE occupation.counts AND occupation.detour IS NOT NULL AND occupation.detour && ST_GeomFromEWKB(:area)
ORDER BY occupation_id
