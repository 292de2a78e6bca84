-- Vector tiles (Mapbox format) of the published collections. Names in braces are identifiers of the collection asked for
-- and pieces of this file, as in collections.sql.

-- layer
-- One collection in one tile, as a layer. What is drawn small is simplified before it is moved to the tile's own system.
-- What lies outside after all has no shape, and ST_AsMVT leaves it out: a condition here would make each shape twice.
-- In: layer (name), z, row, col, most (features), area (WKB of the tile with its margin, EPSG:25832), margin (units of a
-- tile of 4096), cell_m (what a 256th of the tile measures in the street, metres), xx, xy, yx, yy, x_shift, y_shift (from EPSG:25832
-- to EPSG:3857 within the tile), collection, during.
-- Out: 1 row: tile (empty where there is nothing), state.
WITH asked AS MATERIALIZED (
    SELECT ST_GeomFromWKB(:area, 25832) AS area, ST_TileEnvelope(:z::integer, :col::integer, :row::integer) AS frame
)
SELECT ST_AsMVT(drawn, :layer, 4096, 'shape', 'number') AS tile, {state} AS state
FROM (
    SELECT found.gid AS number,
           {properties},
           ST_AsMVTGeom({shape}, (SELECT frame FROM asked), 4096, :margin::integer, true) AS shape
    FROM (
        SELECT * FROM {table}
        WHERE {geometry} && (SELECT area FROM asked) AND {conditions}
        LIMIT :most
    ) AS found
) AS drawn

-- lines_in_order
-- The next lines of a collection and what a tile says of them, in the order of gid. In: after (gid), rows.
-- Out: rows gid, hash, shape (WKB), then the properties.
SELECT gid, fragments_hash AS hash, ST_AsBinary({geometry}) AS shape, {properties}
FROM {table}
WHERE gid > :after AND {conditions}
ORDER BY gid
LIMIT :rows

-- shape_near
-- The geometry as it is. Within a small tile the way from EPSG:25832 to EPSG:3857 is a turn, a scale and a shift to half a
-- unit of the tile; asked of the projection point by point it would be most of the time a tile takes. The number of the old
-- system stays with it: ST_AsMVTGeom looks at coordinates only, and to set another one is a copy of every shape.
ST_Affine({geometry}, :xx, :xy, :yx, :yy, :x_shift, :y_shift)

-- shape_far
-- The geometry without what is smaller than a quarter of a cell; an area smaller than a cell is a point, so that a small
-- map shows where something is.
ST_Transform(
    CASE
        WHEN ST_Dimension({geometry}) = 2
            AND greatest(ST_XMax({geometry}) - ST_XMin({geometry}), ST_YMax({geometry}) - ST_YMin({geometry})) < :cell_m
            THEN ST_Centroid({geometry})
        ELSE ST_Simplify({geometry}, :cell_m / 4, true)
    END, 3857)

-- condition_major
-- The roads between places; what a small map has room for. The words of the index road_segment_major_gist.
road_class IN ('bundesstrasse', 'landesstrasse', 'kreisstrasse')
