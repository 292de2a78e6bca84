-- find_town
-- One town by AGS or slug (the two cannot be confused: a slug is never eight digits).
SELECT ags, slug, name, kind, boundary_accuracy_m, attribution, reference_prefix, accepts_requests, demo, settings
FROM town
WHERE ags = :ags_or_slug OR slug = :ags_or_slug

-- list_towns
-- Every town by name; German names sort well enough by slug, where ä is ae.
SELECT ags, slug, name, kind, boundary_accuracy_m, attribution, reference_prefix, accepts_requests, demo, settings
FROM town
ORDER BY slug

-- towns_at
-- The towns that an area (WKB, EPSG:25832) touches, with their shares in m², the largest first.
SELECT t.ags, t.slug, t.name, t.kind, t.boundary_accuracy_m, t.attribution, t.reference_prefix,
    t.accepts_requests, t.demo, t.settings, part.shared_m2
FROM (
    SELECT p.town, sum(ST_Area(ST_Intersection(p.piece, mine.area))) AS shared_m2
    FROM (SELECT ST_GeomFromWKB(:area, 25832) AS area) AS mine
    INNER JOIN town_piece AS p ON ST_Intersects(p.piece, mine.area)
    GROUP BY p.town
) AS part
INNER JOIN town AS t ON t.ags = part.town
ORDER BY part.shared_m2 DESC, t.ags

-- surroundings_of_town
-- The rectangle around a town's boundary, so many metres wider on each side.
-- In: ags, beyond_m.  Out: 0 or 1 row: west_m, south_m, east_m, north_m (EPSG:25832).
SELECT ST_XMin(box.wide) AS west_m, ST_YMin(box.wide) AS south_m, ST_XMax(box.wide) AS east_m, ST_YMax(box.wide) AS north_m
FROM town, ST_Expand(town.boundary, :beyond_m) AS box (wide)
WHERE town.ags = :ags

-- towns_overview
-- For each town how many versions its tariff has and whether one of them is official (NULL = no tariff).
SELECT t.ags, t.slug, t.name, t.reference_prefix, t.accepts_requests, count(f.valid_from) AS tariffs,
    bool_or(f.official) AS official
FROM town AS t
LEFT JOIN tariff AS f ON f.town = t.ags
GROUP BY t.ags
ORDER BY t.slug

-- lock_towns
-- One town is added at a time, until the transaction ends; reading goes on.
LOCK TABLE town IN SHARE ROW EXCLUSIVE MODE

-- rivals
-- Towns already stored that hold the AGS, slug or prefix of the one to be added.
SELECT ags, slug, name, reference_prefix
FROM town
WHERE ags = :ags OR slug = :slug OR reference_prefix = :reference_prefix

-- save_town
-- Inserts a town or updates it where something differs. Boundary: WKB, EPSG:25832, MultiPolygon.
-- One row with `created`; no row when nothing differs.
INSERT INTO town AS kept (ags, slug, name, kind, boundary, boundary_accuracy_m, attribution, reference_prefix,
    accepts_requests, demo, settings)
VALUES (:ags, :slug, :name, :kind, ST_GeomFromWKB(:boundary, 25832), :boundary_accuracy_m, :attribution, :reference_prefix,
    :accepts_requests, :demo, CAST(:settings AS jsonb))
ON CONFLICT (ags) DO UPDATE SET
    slug = EXCLUDED.slug, name = EXCLUDED.name, kind = EXCLUDED.kind, boundary = EXCLUDED.boundary,
    boundary_accuracy_m = EXCLUDED.boundary_accuracy_m, attribution = EXCLUDED.attribution,
    reference_prefix = EXCLUDED.reference_prefix, accepts_requests = EXCLUDED.accepts_requests,
    demo = EXCLUDED.demo, settings = EXCLUDED.settings, updated_at = now()
WHERE (kept.slug, kept.name, kept.kind, kept.boundary_accuracy_m, kept.attribution, kept.reference_prefix,
        kept.accepts_requests, kept.demo, kept.settings)
    IS DISTINCT FROM (EXCLUDED.slug, EXCLUDED.name, EXCLUDED.kind, EXCLUDED.boundary_accuracy_m, EXCLUDED.attribution,
        EXCLUDED.reference_prefix, EXCLUDED.accepts_requests, EXCLUDED.demo, EXCLUDED.settings)
    OR ST_AsBinary(kept.boundary) <> ST_AsBinary(EXCLUDED.boundary)
RETURNING (xmax = 0) AS created

-- forget_pieces
-- Removes the small pieces of a town's boundary.
DELETE FROM town_piece WHERE town = :ags

-- save_pieces
-- Cuts a town's stored boundary into pieces of at most 32 vertices.
INSERT INTO town_piece (town, piece)
SELECT t.ags, ST_Subdivide(t.boundary, 32)
FROM town AS t
WHERE t.ags = :ags

-- republish_permits
-- Fires the publishing trigger of every permit of the town, after its list of unpublished uses has changed.
UPDATE permit SET town = town WHERE town = :ags

-- speak_for_town
-- The owner is subject to row-level security too: for the rest of the transaction it acts for one town.
SELECT set_config('app.town', :ags, true)

-- overlapping_towns
-- Other towns that share more than a tenth of the smaller area with this one: most often the wrong boundary.
SELECT other.name, other.ags, ST_Area(ST_Intersection(mine.boundary, other.boundary)) / 1e6 AS shared_km2
FROM town AS mine
INNER JOIN town AS other ON other.ags <> mine.ags AND ST_Intersects(mine.boundary, other.boundary)
WHERE mine.ags = :ags
    AND ST_Area(ST_Intersection(mine.boundary, other.boundary))
        > 0.1 * least(ST_Area(mine.boundary), ST_Area(other.boundary))

-- stored_parameters
-- A town's own values of rule parameters.
SELECT town, parameter, first_day, value, legal_source
FROM town_parameter
WHERE town = :ags

-- forget_parameters
-- Removes a town's own values of rule parameters.
DELETE FROM town_parameter WHERE town = :ags

-- save_parameter
-- One dated value of a rule parameter for a town.
INSERT INTO town_parameter (town, parameter, first_day, value, legal_source)
VALUES (:ags, :parameter, :first_day, :value, :legal_source)

-- configuration_version
-- Counts every committed change of towns, tariffs and town parameters.
SELECT last_value FROM configuration_version
