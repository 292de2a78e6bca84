-- street_tile
-- The streets in service of one map tile, drawn small: one line per street and kind, in the tile's own units
-- (0 to 4096, y down, 256 beyond each edge), simplified to the zoom by the tile grid itself.
-- In: z, x, y (web map tile), kinds (of federal, state, district, street, service, path).
-- Out: 1 row: tile, a JSON array; state of the collection of roads (see `state` in collections.sql).
SELECT
    (SELECT bit_xor(hashint8extended(changes, hashint8extended(xmin::text::bigint, counter)))
     FROM collection_change WHERE collection = 'road_segments') AS state,
    coalesce('[' || string_agg(
    '{"k":"' || street.kind || '","n":' || coalesce(to_json(street.name)::text, 'null')
    || ',"r":' || coalesce(to_json(street.number)::text, 'null')
    || ',"g":' || ST_AsGeoJSON(street.shape, 0, 0) || '}', ',') || ']', '[]') AS tile
FROM (
    SELECT
        segment.kind,
        segment.street_name AS name,
        segment.road_number AS number,
        ST_AsMVTGeom(
            ST_Transform(ST_LineMerge(ST_Collect(segment.axis)), 3857),
            ST_TileEnvelope(:z, :x, :y), 4096, 256, true) AS shape
    FROM (
        SELECT
            road.street_name,
            road.road_number,
            road.axis,
            CASE
                WHEN road.highway IN ('footway', 'path', 'cycleway', 'steps', 'bridleway', 'track') THEN 'path'
                WHEN road.highway IN ('service', 'corridor', 'services') THEN 'service'
                WHEN starts_with(road.highway, 'motorway') OR starts_with(road.highway, 'trunk') THEN 'federal'
                WHEN road.road_class = 'bundesstrasse' THEN 'federal'
                WHEN road.road_class = 'landesstrasse' THEN 'state'
                WHEN road.road_class = 'kreisstrasse' THEN 'district'
                WHEN road.highway = 'pedestrian' THEN 'pedestrian'
                ELSE 'street'
            END AS kind
        FROM road_segment AS road
        WHERE road.in_service
            AND road.axis && ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 0.0625), 25832)
    ) AS segment
    WHERE segment.kind = ANY(:kinds)
    GROUP BY segment.kind, segment.street_name, segment.road_number
) AS street
WHERE street.shape IS NOT NULL

-- list_street_places
-- Streets of a town by name, for finding a place without dragging the map: a point on the middle of each.
-- In: town (AGS).  Out: one row per name; name, lon, lat (CRS84, degrees).
SELECT
    street.street_name AS name,
    ST_X(street.place) AS lon,
    ST_Y(street.place) AS lat
FROM (
    SELECT DISTINCT ON (road.street_name)
        road.street_name,
        ST_Transform(ST_LineInterpolatePoint(road.axis, 0.5), 4326) AS place
    FROM road_segment AS road
    WHERE road.town = :town AND road.in_service AND road.street_name IS NOT NULL
    ORDER BY road.street_name, road.length_m DESC
) AS street
ORDER BY street.street_name COLLATE "C"

-- get_street_box
-- Where most of a town's named streets are: what a map shows first.
-- In: town (AGS).  Out: 1 row; west, south, east, north (CRS84, degrees), of the boundary where there are no streets.
SELECT
    ST_XMin(box.shape) AS west,
    ST_YMin(box.shape) AS south,
    ST_XMax(box.shape) AS east,
    ST_YMax(box.shape) AS north
FROM (
    SELECT ST_Transform(coalesce(
        (SELECT ST_SetSRID(ST_MakeBox2D(
            ST_Point(percentile_cont(0.06) WITHIN GROUP (ORDER BY ST_X(middle.place)), percentile_cont(0.06) WITHIN GROUP (ORDER BY ST_Y(middle.place))),
            ST_Point(percentile_cont(0.94) WITHIN GROUP (ORDER BY ST_X(middle.place)), percentile_cont(0.94) WITHIN GROUP (ORDER BY ST_Y(middle.place))))::geometry, 25832)
         FROM (SELECT ST_Centroid(road.axis) AS place FROM road_segment AS road
               WHERE road.town = :town AND road.in_service AND road.street_name IS NOT NULL) AS middle
         HAVING count(*) > 1),
        (SELECT ST_Envelope(town.boundary) FROM town WHERE town.ags = :town)), 4326) AS shape
) AS box

-- list_streets_to_embed
-- A town's streets for a map on disk: one line per stretch, simplified to a metre, five decimals (about a metre).
-- In: town (AGS), kinds (of federal, state, district, street, pedestrian, service, path).  Out: rows kind, name, line.
SELECT
    stretch.kind,
    stretch.name,
    ST_AsGeoJSON(ST_Transform(ST_SimplifyPreserveTopology(stretch.line, 1.0), 4326), 5, 0) AS line
FROM (
    SELECT drawn.kind, drawn.name, (ST_Dump(ST_LineMerge(ST_Collect(drawn.axis)))).geom AS line
    FROM (
        SELECT
            road.street_name AS name,
            road.axis,
            CASE
                WHEN road.highway IN ('footway', 'path', 'cycleway', 'steps', 'bridleway', 'track') THEN 'path'
                WHEN road.highway IN ('service', 'corridor', 'services') THEN 'service'
                WHEN starts_with(road.highway, 'motorway') OR starts_with(road.highway, 'trunk') THEN 'federal'
                WHEN road.road_class = 'bundesstrasse' THEN 'federal'
                WHEN road.road_class = 'landesstrasse' THEN 'state'
                WHEN road.road_class = 'kreisstrasse' THEN 'district'
                WHEN road.highway = 'pedestrian' THEN 'pedestrian'
                ELSE 'street'
            END AS kind
        FROM road_segment AS road
        WHERE road.in_service AND road.town = :town
    ) AS drawn
    WHERE drawn.kind = ANY(:kinds)
    GROUP BY drawn.kind, drawn.name
) AS stretch
