-- What the desk's map shows beside the published collections.

-- unpublished_in_box
-- What counts in a town and is not published: requests under review, planned sites, events and detours.
-- In: town, collections (array), west, south, east, north (CRS84, degrees), during (tstzrange), number.
-- Out: at most `number` rows.
SELECT
    occupation.source_id, occupation.collection, occupation.reference, occupation.label, occupation.use_type, occupation.kind,
    occupation.state, occupation.restriction, first_day(occupation.period) AS first, last_day(occupation.period) AS last,
    ST_AsGeoJSON(ST_Transform(coalesce(occupation.area, occupation.detour), 4326), 7, 0) AS geojson
FROM occupation, ST_Transform(ST_MakeEnvelope(:west, :south, :east, :north, 4326), 25832) AS box (here)
WHERE
    occupation.town = :town AND occupation.counts AND NOT occupation.published
    AND occupation.collection = ANY(CAST(:collections AS text[]))
    AND (occupation.area && box.here OR occupation.detour && box.here)
    AND occupation.period && CAST(:during AS tstzrange)
ORDER BY lower(occupation.period), occupation.occupation_id
LIMIT :number

-- zones_in_box
-- Places with a rule of their own that are in force; the slot holds the SELECT of their kind.
-- In: town, west, south, east, north (CRS84, degrees), during (tstzrange), number.  Out: at most `number` rows.
SELECT
    kept.object_id, kept.title, first_day(kept.period) AS first, last_day(kept.period) AS last,
    ST_AsGeoJSON(ST_Transform(kept.shape, 4326), 7, 0) AS geojson
FROM («facts») AS kept, ST_Transform(ST_MakeEnvelope(:west, :south, :east, :north, 4326), 25832) AS box (here)
WHERE
    kept.town = :town AND kept.state = 'in_force' AND kept.shape && box.here
    AND (kept.period IS NULL OR kept.period && CAST(:during AS tstzrange))
ORDER BY kept.updated_at DESC, kept.object_id
LIMIT :number
