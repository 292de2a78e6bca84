-- Facilities and areas of the fire brigade: «table» is facility or fire_area, which have the same columns.

-- lock_import
-- Lets one import of facilities at a time through.
-- In: nothing.  Out: 1 row.
SELECT pg_advisory_xact_lock(hashtext('facility import'))

-- stored_places
-- What is stored of one source: schools, stops, hydrants … and areas of the fire brigade.
-- In: source.  Out: one row for each; place as EWKB, EPSG:25832.
SELECT text 'facility' AS held_in, source_id, kind, ST_AsEWKB(place) AS place
FROM facility
WHERE source = :source
UNION ALL
SELECT 'fire_area', source_id, kind, ST_AsEWKB(place)
FROM fire_area
WHERE source = :source AND cancelled_at IS NULL

-- driven_segments
-- Every segment that a bus route is tied to.
-- In: nothing.  Out: one row for each: segment_gid.
SELECT DISTINCT segment_gid
FROM bus_route_segment

-- merge_places
-- Writes what was delivered: what is new is added, what differs is changed; the town is the one a point in it lies in.
-- In: source, rows (json array: source_id, kind, name, place as hexadecimal EWKB in EPSG:25832).
-- Out: one row for each kind, with how many were delivered, added and changed.
WITH delivered AS (
    SELECT stated.source_id, stated.kind, stated.name, stated.place, here.town
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS stated (source_id text, kind text, name text, place geometry)
    LEFT JOIN LATERAL (
        SELECT piece.town
        FROM town_piece AS piece
        WHERE ST_Intersects(piece.piece, ST_PointOnSurface(stated.place))
        ORDER BY piece.town LIMIT 1
    ) AS here ON true
),
added AS (
    INSERT INTO «table» (kind, name, place, town, source, source_id)
    SELECT kind, name, place, town, :source, source_id
    FROM delivered
    WHERE NOT EXISTS (
        SELECT FROM «table» AS known WHERE known.source = :source AND known.source_id = delivered.source_id)
    RETURNING source_id
),
changed AS (
    UPDATE «table» AS known SET
        kind = delivered.kind, name = delivered.name, place = delivered.place, town = delivered.town,
        updated_at = now()
    FROM delivered
    WHERE known.source = :source AND known.source_id = delivered.source_id
        AND (known.kind, known.name, known.place, known.town)
            IS DISTINCT FROM (delivered.kind, delivered.name, delivered.place, delivered.town)
    RETURNING known.source_id
)
SELECT
    delivered.kind,
    count(*) AS delivered,
    count(*) FILTER (WHERE delivered.source_id IN (SELECT source_id FROM added)) AS added,
    count(*) FILTER (WHERE delivered.source_id IN (SELECT source_id FROM changed)) AS changed
FROM delivered
GROUP BY delivered.kind
ORDER BY delivered.kind

-- remove_gone_places
-- Forgets what the file no longer holds in its box, in the towns that it is about: those of which it holds at least
-- half of what is stored there. A neighbour's extract touches a town, but is not about it.
-- In: source, delivered (array of source ids), west_m, south_m, east_m, north_m (EPSG:25832).
-- Out: one row for each kind, with how many went.
WITH stored AS (
    SELECT source_id, town, source_id = ANY(CAST(:delivered AS text[])) AS is_delivered
    FROM «table»
    WHERE source = :source AND place && ST_MakeEnvelope(:west_m, :south_m, :east_m, :north_m, 25832)
),
subject AS (
    SELECT town
    FROM stored
    GROUP BY town
    HAVING 2 * count(*) FILTER (WHERE is_delivered) >= count(*)
),
gone AS (
    DELETE FROM «table» AS known
    USING stored, subject
    WHERE known.source = :source AND known.source_id = stored.source_id AND NOT stored.is_delivered
        AND stored.town IS NOT DISTINCT FROM subject.town
    RETURNING known.kind
)
SELECT kind, count(*) AS gone
FROM gone
GROUP BY kind
ORDER BY kind

-- merge_routes
-- Writes the bus routes of a file.
-- In: source, road_source, rows (json array: source_id, line_number, name, operator, road_lines).
-- Out: 1 row, with how many were delivered, added and changed.
WITH delivered AS (
    SELECT source_id, line_number, name, operator, road_lines
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS stated (
        source_id text, line_number text, name text, operator text, road_lines text[])
),
added AS (
    INSERT INTO bus_route (line_number, name, operator, road_source, road_lines, source, source_id)
    SELECT line_number, name, operator, :road_source, road_lines, :source, source_id
    FROM delivered
    WHERE NOT EXISTS (
        SELECT FROM bus_route AS known WHERE known.source = :source AND known.source_id = delivered.source_id)
    RETURNING source_id
),
changed AS (
    UPDATE bus_route AS known SET
        line_number = delivered.line_number, name = delivered.name, operator = delivered.operator,
        road_lines = delivered.road_lines, updated_at = now()
    FROM delivered
    WHERE known.source = :source AND known.source_id = delivered.source_id
        AND (known.line_number, known.name, known.operator, known.road_lines)
            IS DISTINCT FROM (delivered.line_number, delivered.name, delivered.operator, delivered.road_lines)
    RETURNING known.source_id
)
SELECT
    (SELECT count(*) FROM delivered) AS delivered,
    (SELECT count(*) FROM added) AS added,
    (SELECT count(*) FROM changed) AS changed

-- remove_gone_routes
-- Forgets routes that the file no longer holds, if they drive on stored segments and all these lie in its box.
-- In: source, delivered (array of source ids), west_m, south_m, east_m, north_m (EPSG:25832).
-- Out: one row for each that went.
DELETE FROM bus_route AS known
WHERE known.source = :source AND NOT known.source_id = ANY(CAST(:delivered AS text[]))
    AND EXISTS (SELECT FROM bus_route_segment AS driven WHERE driven.route_id = known.route_id)
    AND NOT EXISTS (
        SELECT
        FROM bus_route_segment AS driven
        INNER JOIN road_segment AS segment ON segment.gid = driven.segment_gid
        WHERE driven.route_id = known.route_id
            AND NOT segment.axis @ ST_MakeEnvelope(:west_m, :south_m, :east_m, :north_m, 25832))
RETURNING known.source_id

-- match_routes
-- Ties each route to the stored segments of the lines it drives on; to be repeated when the network has changed.
-- In: nothing.  Out: 1 row: routes, segments tied (each once), lines, and lines without a stored segment (each once).
WITH line AS (
    SELECT route.route_id, route.road_source, unnest(route.road_lines) AS source_id
    FROM bus_route AS route
),
tied AS (
    SELECT DISTINCT line.route_id, segment.gid
    FROM line
    INNER JOIN road_segment AS segment ON segment.source = line.road_source AND segment.source_id = line.source_id
),
untied AS (
    DELETE FROM bus_route_segment AS known
    WHERE NOT EXISTS (SELECT FROM tied WHERE tied.route_id = known.route_id AND tied.gid = known.segment_gid)
),
written AS (
    INSERT INTO bus_route_segment (route_id, segment_gid)
    SELECT route_id, gid
    FROM tied
    ON CONFLICT DO NOTHING
)
SELECT
    (SELECT count(*) FROM bus_route) AS routes,
    (SELECT count(DISTINCT gid) FROM tied) AS segments,
    (SELECT count(DISTINCT line.source_id) FROM line) AS lines,
    (SELECT count(DISTINCT line.source_id) FROM line WHERE NOT EXISTS (
        SELECT
        FROM road_segment AS segment
        WHERE segment.source = line.road_source AND segment.source_id = line.source_id)) AS lines_unknown
