-- The published collections, read as stored bytes. Names in braces are identifiers of the collection asked for
-- (geo_service/ogc/collection.py); {conditions} is put together from the condition_… pieces below.

-- condition_published
-- Only what is published; a plain column, so that the partial index is used. Part of a WHERE.
published

-- condition_box
-- Geometry in the area asked for. Boxes fully inside need no exact test: only features at the rim pay for one.
-- A CASE and no OR: an OR would ask the index twice.
{geometry} && {area}
    AND CASE WHEN {geometry} @ {core} THEN true ELSE ST_Intersects({geometry}, {area}) END

-- condition_box_or_none
-- The same for collections whose features may have no geometry: those match every box.
({geometry} IS NULL OR {geometry} && {area}
    AND CASE WHEN {geometry} @ {core} THEN true ELSE ST_Intersects({geometry}, {area}) END)

-- condition_box_indexed
-- The same where an index holds the bounds and what a page needs of a row. A feature touches each side of its bounds: if a whole
-- side lies in the core, the feature is met for certain. So it is if the bounds reach over no more than one edge of the core,
-- and a row is only looked up at the area's corners, or if a feature is as long as the area.
-- Bounds are up to half a metre larger than their feature, never smaller; the core is a metre smaller than the area.
bounds && (SELECT box(area) FROM asked)
    AND CASE
        WHEN bounds <@ (SELECT core_box FROM asked) THEN true
        WHEN bounds && (SELECT core_box FROM asked)
            AND (bounds &> (SELECT core_box FROM asked))::int + (bounds &< (SELECT core_box FROM asked))::int
            + (bounds |&> (SELECT core_box FROM asked))::int + (bounds &<| (SELECT core_box FROM asked))::int = 3 THEN true
        ELSE (SELECT ST_Intersects(rim.{geometry}, (SELECT area FROM asked)) FROM {table} AS rim WHERE rim.gid = {table}.gid)
    END

-- condition_during
-- Period in the time asked for; features without a period match every time.
({period} IS NULL OR {period} && :during::tstzrange)

-- states
-- The state of every published collection. The counters alone would repeat after a backup was restored, the transactions
-- that wrote them do not. Out: one row for each collection; state.
SELECT collection,
       bit_xor(hashint8extended(changes, hashint8extended(xmin::text::bigint, counter))) AS state
FROM collection_change
GROUP BY collection

-- state
-- The state of one collection, seen by the statement that reads its rows. In: collection. Part of a SELECT.
(SELECT bit_xor(hashint8extended(changes, hashint8extended(xmin::text::bigint, counter)))
 FROM collection_change WHERE collection = :collection)

-- page_in_order
-- A page where no place is asked for, in the order of gid, beside a count that stops at the cap.
-- In: after (gid), rows (limit + 1), skipped, cap, collection.
-- Out: 1 row: gids and contents (hashes of them; two lists, NULL where empty) of so many rows, matched (cap + 1 = more than the
-- cap), state (of the collection).
SELECT array_agg(place.gid) AS gids,
       array_agg(place.fragments_hash) AS contents,
       (SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {conditions} LIMIT :cap + 1) AS counted) AS matched,
       {state} AS state
FROM (
    SELECT gid, fragments_hash
    FROM {table}
    WHERE gid > :after AND {conditions}
    ORDER BY gid
    LIMIT :rows OFFSET :skipped
) AS place

-- page_in_area
-- What lies in an area, up to a number: the spatial index is asked once. To sort so many numbers and to cut the page out of
-- them takes half as long as all the rest; page_reading.py does it in a twentieth of that.
-- In: area (WKB, EPSG:25832), west, south, east, north (box inside the area, metres), most, collection.
-- Out: as page_in_order, but everything that matches in no order, and matched up to `most`.
WITH asked AS MATERIALIZED (
    SELECT ST_GeomFromWKB(:area, 25832) AS area, ST_MakeEnvelope(:west, :south, :east, :north, 25832) AS core,
           box(point(:west, :south), point(:east, :north)) AS core_box
)
SELECT array_agg(hit.gid) AS gids,
       array_agg(hit.fragments_hash) AS contents,
       count(*) AS matched,
       {state} AS state
FROM (
    SELECT gid, fragments_hash
    FROM {table}
    WHERE {conditions}
    LIMIT :most
) AS hit

-- page_beyond_cap
-- A page of an area, or of a filter, that has more rows than are counted. Planned anew each time, with the area itself
-- in its place: along the gid where much of the table matches, by the spatial index where little does.
-- In: as page_in_area, and after (gid), rows (limit + 1), skipped.  Out: as page_in_order.
SELECT array_agg(place.gid) AS gids,
       array_agg(place.fragments_hash) AS contents,
       :cap + 1 AS matched,
       {state} AS state
FROM (
    SELECT gid, fragments_hash
    FROM {table}
    WHERE gid > :after AND {conditions}
    ORDER BY gid
    LIMIT :rows OFFSET :skipped
) AS place

-- area_asked
-- The area as a statement with `asked` has it.
(SELECT area FROM asked)

-- core_asked
-- The box inside the area, likewise.
(SELECT core FROM asked)

-- area_itself
-- The area where the plan shall know it.
ST_GeomFromWKB(:area, 25832)

-- core_itself
-- The box inside it, likewise.
ST_MakeEnvelope(:west, :south, :east, :north, 25832)

-- places
-- Where all features of a collection lie and which content each has, read from the index alone.
-- In: most (rows), collection.  Out: 1 row: packed (gid, hash and bounds of each as int8send, int8send, box_send; in no order,
-- NULL where there are none), rows (up to `most`), state.
SELECT string_agg(int8send(one.gid) || int8send(one.fragments_hash) || box_send(one.bounds), '') AS packed,
       count(*) AS rows,
       {state} AS state
FROM (SELECT gid, fragments_hash, bounds FROM {table} WHERE {conditions} LIMIT :most) AS one

-- places_now
-- Whether places that are kept still hold, and which rows at the edge of an area meet it.
-- In: unsure (literal of an array of gids), area, collection.  Out: 1 row: state, met (gids in no order, NULL where none).
SELECT {state} AS state,
       (SELECT array_agg(gid) FROM {table} WHERE gid = ANY(:unsure::bigint[]) AND ST_Intersects({geometry}, ST_GeomFromWKB(:area, 25832))) AS met

-- features
-- The stored features of rows; whoever asks compares the hashes, for they may have changed meanwhile.
-- They are asked for by runs of numbers without a gap: what lies together was imported together, and the index is gone down
-- fifty times for a page instead of a thousand.
-- In: firsts, lasts (literals of arrays, as long).  Out: rows gid, hash, feature.
SELECT stored.gid, stored.hash, stored.feature
FROM unnest(:firsts::bigint[], :lasts::bigint[]) AS run (first, last)
CROSS JOIN LATERAL (
    SELECT gid, fragments_hash AS hash, {fragment} AS feature
    FROM {table}
    WHERE gid BETWEEN run.first AND run.last
    OFFSET 0
) AS stored

-- features_in_order
-- The next stored features of a collection, in the order of gid. In: after (gid), rows.  Out: rows gid, hash, feature.
SELECT gid, fragments_hash AS hash, {fragment} AS feature
FROM {table}
WHERE gid > :after AND {conditions}
ORDER BY gid
LIMIT :rows

-- page_sorted
-- A page in an order that was asked for. {sorting} ends with gid, {behind} leaves out what earlier pages showed, gid and
-- {sorted_values} of the last feature are where the next one begins.
-- In, out: as page_in_order, but the features themselves (joined by commas, UTF-8), and last_values (a JSON list of texts).
WITH asked AS MATERIALIZED (
    SELECT ST_GeomFromWKB(:area, 25832) AS area, ST_MakeEnvelope(:west, :south, :east, :north, 25832) AS core
), place AS MATERIALIZED (
    SELECT row_number() OVER () AS n, first.*
    FROM (
        SELECT gid, ctid AS place, json_build_array({sorted_values})::text AS sorted_values
        FROM {table}
        WHERE {conditions} AND {behind}
        ORDER BY {sorting}
        LIMIT :rows OFFSET :skipped
    ) AS first
)
SELECT string_agg({fragment}, ',' ORDER BY place.n) AS features,
       count(*) AS returned,
       (SELECT gid FROM place WHERE n <= :shown ORDER BY n DESC LIMIT 1) AS last_gid,
       (SELECT sorted_values FROM place WHERE n <= :shown ORDER BY n DESC LIMIT 1) AS last_values,
       (SELECT count(*) FROM place) > :shown AS more,
       {state} AS state,
       (SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {conditions} LIMIT :cap + 1) AS counted) AS matched
FROM {table}
INNER JOIN place ON place.gid = {table}.gid
WHERE {table}.ctid = ANY (ARRAY(SELECT place FROM place WHERE n <= :shown))

-- chunk
-- The next rows of an export, in the order of gid. In: after (gid), rows, separator (between two features), area and box
-- where a place is asked for. Out: 1 row: features (UTF-8), returned, last_gid.
WITH asked AS MATERIALIZED (
    SELECT ST_GeomFromWKB(:area, 25832) AS area, ST_MakeEnvelope(:west, :south, :east, :north, 25832) AS core
), place AS MATERIALIZED (
    SELECT ctid AS place
    FROM {table}
    WHERE gid > :after AND {conditions}
    ORDER BY gid
    LIMIT :rows
)
SELECT string_agg({fragment}, :separator::text ORDER BY gid) AS features,
       count(*) AS returned,
       max(gid) AS last_gid
FROM {table}
WHERE ctid = ANY (ARRAY(SELECT place FROM place))

-- hits
-- The exact number of features. In: as page_in_order, area and box where a place is asked for. Out: 1 row.
SELECT count(*) AS matched, {state} AS state
FROM {table}
WHERE {conditions}

-- hits_in_area
-- The exact number of features of an area. In: area, west, south, east, north. Out: 1 row.
WITH asked AS MATERIALIZED (
    SELECT ST_GeomFromWKB(:area, 25832) AS area, ST_MakeEnvelope(:west, :south, :east, :north, 25832) AS core,
           box(point(:west, :south), point(:east, :north)) AS core_box
)
SELECT count(*) AS matched, {state} AS state
FROM {table}
WHERE {conditions}

-- item
-- One feature by its id, and the number that a write has to name (NULL where nothing can be written).
-- In: key (text, or uuid where the collection's key is one). Out: 0 or 1 row.
SELECT convert_to({fragment}, 'UTF8') AS feature, {edition} AS edition,
       hashint8extended(gid, xmin::text::bigint) AS version
FROM {table}
WHERE {key} = :key AND {conditions}

-- extent
-- Where and when a collection has features. Out: 1 row: west, south, east, north (CRS84 degrees, NULL when empty).
SELECT ST_XMin(box.lonlat) AS west, ST_YMin(box.lonlat) AS south, ST_XMax(box.lonlat) AS east, ST_YMax(box.lonlat) AS north
FROM (
    SELECT ST_Transform(ST_Segmentize(ST_SetSRID(ST_Extent({geometry})::geometry, 25832), 5000), 4326) AS lonlat
    FROM {table}
    WHERE {conditions}
) AS box

-- time_extent
-- First and last instant of a collection; an end is NULL when one feature's is open. Out: 1 row.
SELECT instant(min(lower({period}))) AS first,
       CASE WHEN NOT bool_or(upper_inf({period})) THEN instant(max(upper({period}))) END AS last
FROM {table}
WHERE {conditions}

-- credits
-- Whom a collection's rows name as their source. Out: 0 or more rows.
SELECT DISTINCT {credit} AS credit
FROM {table}
ORDER BY credit
