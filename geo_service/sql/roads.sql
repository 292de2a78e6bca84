-- Saving a road network: incoming rows are staged in a temporary table, then merged set by set in one transaction.

-- lock_road_import
-- Lets one import at a time change the network; readers are not held up.
-- In: nothing.  Out: 1 row.
SELECT pg_advisory_xact_lock(hashtext('road_segment import'))

-- no_statement_timeout
-- A whole network may take longer than a request; ends with the transaction.
-- In: nothing.  Out: nothing.
SET LOCAL statement_timeout = 0

-- drop_incoming
-- Removes the staging tables of an earlier import in the same transaction.
-- In: nothing.  Out: nothing.
DROP TABLE IF EXISTS pg_temp.incoming_segment, pg_temp.gone_segment

-- create_incoming
-- The staging table: road_segment as the source knows it, nodes by the source's ids.
-- In: nothing.  Out: nothing.
CREATE TEMPORARY TABLE incoming_segment (
    segment_id text NOT NULL,
    axis geometry(LineString, 25832) NOT NULL,
    start_node text NOT NULL,
    end_node text NOT NULL,
    road_class text NOT NULL,
    source_id text NOT NULL,
    town text,
    street_name text,
    street_key text,
    road_number text,
    highway text,
    road_owner text,
    within_built_up_area boolean,
    carriageway_width_m double precision,
    footway_width_left_m double precision,
    footway_width_right_m double precision,
    cycleway_kind text,
    cycleway_width_m double precision,
    parking_lane text,
    lane_count integer,
    one_way text NOT NULL,
    max_speed_kmh integer,
    modes text[] NOT NULL,
    in_service boolean NOT NULL,
    network_function text[] NOT NULL,
    width_source text NOT NULL,
    surface_completed_on date,
    demo boolean NOT NULL,
    start_node_id bigint,
    end_node_id bigint,
    crosses_border boolean NOT NULL DEFAULT false,
    CONSTRAINT incoming_segment_pkey PRIMARY KEY (segment_id)
) ON COMMIT DROP

-- create_gone
-- The staging table of what is stored but no longer delivered; pointed_at: an occupation lies on it.
-- In: nothing.  Out: nothing.
CREATE TEMPORARY TABLE gone_segment (
    gid bigint NOT NULL,
    segment_id text NOT NULL,
    pointed_at boolean NOT NULL
) ON COMMIT DROP

-- copy_incoming
-- Loads the staging table; the order of columns is that of the dataclass Segment.
-- In: rows by COPY, axis as hexadecimal EWKB.  Out: nothing.
COPY incoming_segment (
    segment_id, axis, start_node, end_node, road_class, source_id, town, street_name, street_key, road_number,
    highway, road_owner, within_built_up_area, carriageway_width_m, footway_width_left_m, footway_width_right_m,
    cycleway_kind, cycleway_width_m, parking_lane, lane_count, one_way, max_speed_kmh, modes, in_service,
    network_function, width_source, surface_completed_on, demo
) FROM STDIN

-- analyze_incoming
-- Tells the planner how much there is; without it the joins below are planned for an empty table.
-- In: nothing.  Out: nothing.
ANALYZE incoming_segment

-- assign_incoming_towns
-- Gives each staged segment without a town the one that holds most of its length; "no town" is a candidate too.
-- In: nothing.  Out: as many as touch a town.
WITH share AS (
    SELECT
        segment.segment_id,
        piece.town,
        sum(ST_Length(
            CASE
                WHEN ST_Covers(piece.piece, segment.axis) THEN segment.axis
                ELSE ST_Intersection(piece.piece, segment.axis)
            END
        )) AS inside_m
    FROM incoming_segment AS segment
    INNER JOIN town_piece AS piece ON ST_Intersects(piece.piece, segment.axis)
    WHERE segment.town IS NULL
    GROUP BY segment.segment_id, piece.town
),
best AS (
    SELECT DISTINCT ON (share.segment_id)
        share.segment_id,
        share.town,
        share.inside_m,
        sum(share.inside_m) OVER (PARTITION BY share.segment_id) AS in_towns_m
    FROM share
    ORDER BY share.segment_id, share.inside_m DESC, share.town
)
UPDATE incoming_segment AS segment
SET
    town = CASE WHEN best.inside_m >= ST_Length(segment.axis) - best.in_towns_m THEN best.town END,
    crosses_border = best.in_towns_m > 0.01 AND best.inside_m < ST_Length(segment.axis) - 0.01
FROM best
WHERE segment.segment_id = best.segment_id

-- assign_stored_towns
-- Gives the stored segments that touch a town, or were counted to it, the town with most of their length.
-- In: town (AGS).  Out: as many as changed their town.
WITH touched AS (
    SELECT
        segment.gid,
        segment.axis
    FROM road_segment AS segment
    WHERE
        segment.town = :town
        OR EXISTS (
            SELECT FROM town_piece AS piece WHERE piece.town = :town AND ST_Intersects(piece.piece, segment.axis)
        )
),
share AS (
    SELECT
        touched.gid,
        piece.town,
        sum(ST_Length(ST_Intersection(piece.piece, touched.axis))) AS inside_m
    FROM touched
    INNER JOIN town_piece AS piece ON ST_Intersects(piece.piece, touched.axis)
    GROUP BY touched.gid, piece.town
),
best AS (
    SELECT DISTINCT ON (share.gid)
        share.gid,
        share.town,
        share.inside_m,
        sum(share.inside_m) OVER (PARTITION BY share.gid) AS in_towns_m
    FROM share
    ORDER BY share.gid, share.inside_m DESC, share.town
),
holder AS (
    SELECT
        touched.gid,
        CASE WHEN best.inside_m >= ST_Length(touched.axis) - best.in_towns_m THEN best.town END AS town
    FROM touched
    LEFT JOIN best ON touched.gid = best.gid
)
UPDATE road_segment AS segment
SET town = holder.town, updated_at = clock_timestamp()
FROM holder
WHERE segment.gid = holder.gid AND segment.town IS DISTINCT FROM holder.town

-- drop_other_towns
-- Leaves only the segments of one town.
-- In: town (AGS).  Out: as many as belong elsewhere.
DELETE FROM incoming_segment WHERE town IS DISTINCT FROM :town

-- count_incoming
-- What is staged, by town and class.
-- In: nothing.  Out: one row per town (or none) and class.
SELECT
    segment.town,
    town.name AS town_name,
    segment.road_class,
    count(*) AS segments,
    sum(ST_Length(segment.axis)) AS length_m
FROM incoming_segment AS segment
LEFT JOIN town ON segment.town = town.ags
GROUP BY segment.town, town.name, segment.road_class
ORDER BY town.name, segment.town, segment.road_class

-- count_border_crossings
-- Lines of the source that lie in more than one town, or partly in none; all of their length is kept.
-- In: nothing.  Out: 1 row.
SELECT count(*) AS lines
FROM (
    SELECT segment.source_id
    FROM incoming_segment AS segment
    GROUP BY segment.source_id
    HAVING bool_or(segment.crosses_border) OR count(DISTINCT coalesce(segment.town, '')) > 1
) AS line

-- count_stored_lines
-- How many stored lines of a town the staged network delivers again.
-- In: source, town (AGS).  Out: 1 row.
SELECT
    count(*) AS stored,
    count(*) FILTER (WHERE segment.source_id IN (SELECT source_id FROM incoming_segment)) AS delivered
FROM road_segment AS segment
WHERE segment.source = :source AND segment.town = :town

-- save_nodes
-- Stores the junctions at the ends of the staged segments; a known one keeps its node_id and may move.
-- In: source.  Out: new and moved ones.
INSERT INTO road_node (node_id, source, source_id, place)
SELECT
    nextval('road_node_id'),
    :source,
    junction.source_id,
    junction.place
FROM (
    SELECT DISTINCT ON (tip.source_id)
        tip.source_id,
        tip.place
    FROM (
        SELECT
            start_node AS source_id,
            ST_StartPoint(axis) AS place
        FROM incoming_segment
        UNION ALL
        SELECT
            end_node AS source_id,
            ST_EndPoint(axis) AS place
        FROM incoming_segment
    ) AS tip
    ORDER BY tip.source_id, tip.place
) AS junction
LEFT JOIN road_node AS known ON known.source = :source AND known.source_id = junction.source_id
WHERE known.place IS DISTINCT FROM junction.place
ON CONFLICT (source, source_id) DO UPDATE SET place = excluded.place

-- number_incoming_nodes
-- Replaces the source's ids of junctions by the stored ones.
-- In: source.  Out: all staged segments.
UPDATE incoming_segment AS segment
SET start_node_id = first.node_id, end_node_id = last.node_id
FROM road_node AS first, road_node AS last
WHERE
    first.source = :source AND first.source_id = segment.start_node
    AND last.source = :source AND last.source_id = segment.end_node

-- update_changed
-- Writes what differs; gid stays, what is equal is not touched. A surface date from elsewhere is kept.
-- In: source.  Out: as many as changed.
UPDATE road_segment AS stored
SET
    axis = incoming.axis,
    start_node = incoming.start_node_id,
    end_node = incoming.end_node_id,
    road_class = incoming.road_class,
    source_id = incoming.source_id,
    town = incoming.town,
    street_name = incoming.street_name,
    street_key = incoming.street_key,
    road_number = incoming.road_number,
    highway = incoming.highway,
    road_owner = incoming.road_owner,
    within_built_up_area = incoming.within_built_up_area,
    carriageway_width_m = incoming.carriageway_width_m,
    footway_width_left_m = incoming.footway_width_left_m,
    footway_width_right_m = incoming.footway_width_right_m,
    cycleway_kind = incoming.cycleway_kind,
    cycleway_width_m = incoming.cycleway_width_m,
    parking_lane = incoming.parking_lane,
    lane_count = incoming.lane_count,
    one_way = incoming.one_way,
    max_speed_kmh = incoming.max_speed_kmh,
    modes = incoming.modes,
    in_service = incoming.in_service,
    network_function = incoming.network_function,
    width_source = incoming.width_source,
    surface_completed_on = coalesce(incoming.surface_completed_on, stored.surface_completed_on),
    demo = incoming.demo,
    updated_at = clock_timestamp()
FROM incoming_segment AS incoming
WHERE
    stored.segment_id = incoming.segment_id
    AND stored.source = :source
    AND (
        stored.axis, stored.start_node, stored.end_node, stored.road_class, stored.source_id, stored.town,
        stored.street_name, stored.street_key, stored.road_number, stored.highway, stored.road_owner,
        stored.within_built_up_area, stored.carriageway_width_m, stored.footway_width_left_m,
        stored.footway_width_right_m, stored.cycleway_kind, stored.cycleway_width_m, stored.parking_lane,
        stored.lane_count, stored.one_way, stored.max_speed_kmh, stored.modes, stored.in_service,
        stored.network_function, stored.width_source, stored.surface_completed_on, stored.demo
    ) IS DISTINCT FROM (
        incoming.axis, incoming.start_node_id, incoming.end_node_id, incoming.road_class, incoming.source_id,
        incoming.town, incoming.street_name, incoming.street_key, incoming.road_number, incoming.highway,
        incoming.road_owner, incoming.within_built_up_area, incoming.carriageway_width_m,
        incoming.footway_width_left_m, incoming.footway_width_right_m, incoming.cycleway_kind,
        incoming.cycleway_width_m, incoming.parking_lane, incoming.lane_count, incoming.one_way,
        incoming.max_speed_kmh, incoming.modes, incoming.in_service, incoming.network_function,
        incoming.width_source, coalesce(incoming.surface_completed_on, stored.surface_completed_on), incoming.demo
    )

-- insert_added
-- Stores the staged segments that are not known yet.
-- In: source.  Out: as many as were new.
INSERT INTO road_segment (
    segment_id, axis, start_node, end_node, road_class, source_id, town, street_name, street_key, road_number,
    highway, road_owner, within_built_up_area, carriageway_width_m, footway_width_left_m, footway_width_right_m,
    cycleway_kind, cycleway_width_m, parking_lane, lane_count, one_way, max_speed_kmh, modes, in_service,
    network_function, width_source, surface_completed_on, demo, source
)
SELECT
    incoming.segment_id, incoming.axis, incoming.start_node_id, incoming.end_node_id, incoming.road_class,
    incoming.source_id, incoming.town, incoming.street_name, incoming.street_key, incoming.road_number,
    incoming.highway, incoming.road_owner, incoming.within_built_up_area, incoming.carriageway_width_m,
    incoming.footway_width_left_m, incoming.footway_width_right_m, incoming.cycleway_kind,
    incoming.cycleway_width_m, incoming.parking_lane, incoming.lane_count, incoming.one_way,
    incoming.max_speed_kmh, incoming.modes, incoming.in_service, incoming.network_function,
    incoming.width_source, incoming.surface_completed_on, incoming.demo, :source
FROM incoming_segment AS incoming
LEFT JOIN road_segment AS stored ON stored.segment_id = incoming.segment_id AND stored.source = :source
WHERE stored.gid IS NULL

-- find_gone
-- Stages what is stored of this source in a box (or anywhere) and no longer delivered. Where a box is given, a town
-- counts only if at least half of its stored lines there are delivered: else the file is not about that town.
-- In: source, town (AGS or NULL), west_m, south_m, east_m, north_m (EPSG:25832, all NULL: anywhere).  Out: the gone.
INSERT INTO gone_segment (gid, segment_id, pointed_at)
WITH stored AS (
    SELECT
        segment.gid,
        segment.segment_id,
        segment.town,
        coalesce(segment.source_id IN (SELECT source_id FROM incoming_segment), false) AS line_delivered
    FROM road_segment AS segment
    WHERE
        segment.source = :source
        AND (CAST(:town AS text) IS NULL OR segment.town = :town)
        AND (
            CAST(:west_m AS double precision) IS NULL
            OR segment.axis && ST_MakeEnvelope(:west_m, :south_m, :east_m, :north_m, 25832)
        )
),
subject AS (
    SELECT stored.town
    FROM stored
    GROUP BY stored.town
    HAVING
        CAST(:west_m AS double precision) IS NULL
        OR 2 * count(*) FILTER (WHERE stored.line_delivered) >= count(*)
),
pointed AS (
    SELECT segment_gid AS gid
    FROM occupation_segment
    UNION
    SELECT unnest(detour_segments) AS gid
    FROM occupation
    WHERE detour_segments IS NOT NULL
)
SELECT
    stored.gid,
    stored.segment_id,
    stored.gid IN (SELECT pointed.gid FROM pointed)
FROM stored
INNER JOIN subject ON stored.town IS NOT DISTINCT FROM subject.town
LEFT JOIN incoming_segment AS incoming ON stored.segment_id = incoming.segment_id
WHERE incoming.segment_id IS NULL

-- retire_pointed_at
-- Takes out of service what is gone but carries an occupation: it stays, so that the occupation keeps its street.
-- In: nothing.  Out: as many as were still in service.
UPDATE road_segment AS segment
SET in_service = false, modes = '{}', updated_at = clock_timestamp()
FROM gone_segment AS gone
WHERE segment.gid = gone.gid AND gone.pointed_at AND segment.in_service

-- list_retired
-- The gone segments that occupations still point at.
-- In: nothing.  Out: 0 to n rows, by id.
SELECT gone.segment_id
FROM gone_segment AS gone
WHERE gone.pointed_at
ORDER BY gone.segment_id

-- delete_gone
-- Removes what is gone and carries nothing.
-- In: nothing.  Out: as many as were removed.
DELETE FROM road_segment AS segment
USING gone_segment AS gone
WHERE segment.gid = gone.gid AND NOT gone.pointed_at

-- delete_unused_nodes
-- Removes junctions of this source at which no segment ends any more.
-- In: source.  Out: as many as were removed.
DELETE FROM road_node AS node
WHERE
    node.source = :source
    AND NOT EXISTS (SELECT FROM road_segment AS segment WHERE segment.start_node = node.node_id)
    AND NOT EXISTS (SELECT FROM road_segment AS segment WHERE segment.end_node = node.node_id)
