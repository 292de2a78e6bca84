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
    carriageway_width_source text,
    footway_width_left_source text,
    footway_width_right_source text,
    cycleway_width_source text,
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
    network_function, width_source, carriageway_width_source, footway_width_left_source,
    footway_width_right_source, cycleway_width_source, surface_completed_on, demo
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
-- Writes what differs; gid stays, what is equal is not touched. Kept from elsewhere: a surface date, a measured width of
-- the carriageway (unless the source has measured too), functions that a town has set.
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
    carriageway_width_m = CASE
        WHEN stored.carriageway_width_source = 'measured' AND incoming.carriageway_width_source IS DISTINCT FROM 'measured'
            THEN stored.carriageway_width_m
        ELSE incoming.carriageway_width_m
    END,
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
    network_function = CASE WHEN stored.functions_set_by IS NULL THEN incoming.network_function ELSE stored.network_function END,
    width_source = CASE WHEN stored.width_source = 'measured' THEN 'measured' ELSE incoming.width_source END,
    carriageway_width_source = CASE WHEN stored.carriageway_width_source = 'measured' THEN 'measured' ELSE incoming.carriageway_width_source END,
    footway_width_left_source = incoming.footway_width_left_source,
    footway_width_right_source = incoming.footway_width_right_source,
    cycleway_width_source = incoming.cycleway_width_source,
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
        stored.network_function, stored.width_source, stored.carriageway_width_source,
        stored.footway_width_left_source, stored.footway_width_right_source, stored.cycleway_width_source,
        stored.surface_completed_on, stored.demo
    ) IS DISTINCT FROM (
        incoming.axis, incoming.start_node_id, incoming.end_node_id, incoming.road_class, incoming.source_id,
        incoming.town, incoming.street_name, incoming.street_key, incoming.road_number, incoming.highway,
        incoming.road_owner, incoming.within_built_up_area, CASE
            WHEN stored.carriageway_width_source = 'measured' AND incoming.carriageway_width_source IS DISTINCT FROM 'measured'
                THEN stored.carriageway_width_m
            ELSE incoming.carriageway_width_m
        END,
        incoming.footway_width_left_m, incoming.footway_width_right_m, incoming.cycleway_kind,
        incoming.cycleway_width_m, incoming.parking_lane, incoming.lane_count, incoming.one_way,
        incoming.max_speed_kmh, incoming.modes, incoming.in_service,
        CASE WHEN stored.functions_set_by IS NULL THEN incoming.network_function ELSE stored.network_function END,
        CASE WHEN stored.width_source = 'measured' THEN 'measured' ELSE incoming.width_source END,
        CASE WHEN stored.carriageway_width_source = 'measured' THEN 'measured' ELSE incoming.carriageway_width_source END,
        incoming.footway_width_left_source, incoming.footway_width_right_source, incoming.cycleway_width_source,
        coalesce(incoming.surface_completed_on, stored.surface_completed_on), incoming.demo
    )

-- insert_added
-- Stores the staged segments that are not known yet.
-- In: source.  Out: as many as were new.
INSERT INTO road_segment (
    segment_id, axis, start_node, end_node, road_class, source_id, town, street_name, street_key, road_number,
    highway, road_owner, within_built_up_area, carriageway_width_m, footway_width_left_m, footway_width_right_m,
    cycleway_kind, cycleway_width_m, parking_lane, lane_count, one_way, max_speed_kmh, modes, in_service,
    network_function, width_source, carriageway_width_source, footway_width_left_source,
    footway_width_right_source, cycleway_width_source, surface_completed_on, demo, source
)
SELECT
    incoming.segment_id, incoming.axis, incoming.start_node_id, incoming.end_node_id, incoming.road_class,
    incoming.source_id, incoming.town, incoming.street_name, incoming.street_key, incoming.road_number,
    incoming.highway, incoming.road_owner, incoming.within_built_up_area, incoming.carriageway_width_m,
    incoming.footway_width_left_m, incoming.footway_width_right_m, incoming.cycleway_kind,
    incoming.cycleway_width_m, incoming.parking_lane, incoming.lane_count, incoming.one_way,
    incoming.max_speed_kmh, incoming.modes, incoming.in_service, incoming.network_function,
    incoming.width_source, incoming.carriageway_width_source, incoming.footway_width_left_source,
    incoming.footway_width_right_source, incoming.cycleway_width_source, incoming.surface_completed_on,
    incoming.demo, :source
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

-- stage_pointers
-- What occupations say about the gone segments, as stretches of the old axes; a point is widened to half a metre.
-- kind 'lies' is a row of occupation_segment, 'leads' one place in a detour's list of segments.
-- In: nothing.  Out: as many as point at something gone.
CREATE TEMPORARY TABLE gone_pointer ON COMMIT DROP AS
WITH pointer AS (
    SELECT
        'lies' AS kind,
        lies.occupation_id,
        lies.segment_gid AS gid,
        1::bigint AS place,
        lies.from_m,
        lies.to_m,
        lies.side,
        lies.takes
    FROM occupation_segment AS lies
    UNION ALL
    SELECT
        'leads',
        occupation.occupation_id,
        leads.gid,
        leads.place,
        0,
        'infinity',
        'axis',
        '{}'
    FROM occupation
    CROSS JOIN unnest(occupation.detour_segments) WITH ORDINALITY AS leads (gid, place)
)
SELECT
    pointer.kind,
    pointer.occupation_id,
    pointer.gid,
    pointer.place,
    pointer.side,
    pointer.takes,
    coalesce(segment.carriageway_width_m, 0) > 0 AS has_carriageway,
    ST_LineSubstring(
        segment.axis,
        greatest(
            least(pointer.from_m, (pointer.from_m + pointer.to_m) / 2 - 0.25, segment.length_m - 0.5) / segment.length_m, 0
        ),
        least(greatest(pointer.to_m, (pointer.from_m + pointer.to_m) / 2 + 0.25, 0.5) / segment.length_m, 1)
    ) AS stretch
FROM pointer
INNER JOIN gone_segment AS gone ON pointer.gid = gone.gid
INNER JOIN road_segment AS segment ON pointer.gid = segment.gid

-- drop_pointers
-- Forgets what was staged about pointers.
-- In: nothing.  Out: nothing.
DROP TABLE IF EXISTS pg_temp.gone_pointer, pg_temp.gone_match

-- match_pointers
-- Finds for each stretch the delivered segments that lie where it lay: within reach, in similar direction, a carriageway
-- for a carriageway; of two beside each other the nearer. A stretch counts only if nearly all of it is found again.
-- In: source, reach_m, turn_degrees, end_m (what may be missing, or a tenth of the stretch).
-- Out: one row per stretch and segment.
CREATE TEMPORARY TABLE gone_match ON COMMIT DROP AS
WITH candidate AS (
    SELECT
        pointer.kind,
        pointer.occupation_id,
        pointer.gid AS gone_gid,
        pointer.place,
        pointer.side,
        pointer.takes,
        pointer.stretch,
        segment.gid,
        segment.length_m,
        ends.begins,
        ends.stops,
        ST_LineSubstring(segment.axis, ends.begins, ends.stops) AS part
    FROM gone_pointer AS pointer
    INNER JOIN road_segment AS segment
        ON ST_DWithin(segment.axis, pointer.stretch, :reach_m)
        AND pointer.has_carriageway = (coalesce(segment.carriageway_width_m, 0) > 0)
    INNER JOIN incoming_segment AS incoming ON segment.segment_id = incoming.segment_id
    CROSS JOIN LATERAL (
        SELECT
            least(located.a, located.b) AS begins,
            greatest(located.a, located.b) AS stops
        FROM (
            SELECT
                ST_LineLocatePoint(segment.axis, ST_StartPoint(pointer.stretch)) AS a,
                ST_LineLocatePoint(segment.axis, ST_EndPoint(pointer.stretch)) AS b
        ) AS located
    ) AS ends
    WHERE segment.source = :source AND segment.in_service AND (ends.stops - ends.begins) * segment.length_m > 0.1
),
laid AS (
    SELECT
        candidate.*,
        ST_LineLocatePoint(candidate.stretch, ST_StartPoint(candidate.part)) AS tail,
        ST_LineLocatePoint(candidate.stretch, ST_EndPoint(candidate.part)) AS head,
        ST_Distance(ST_LineInterpolatePoint(candidate.part, 0.5), candidate.stretch) AS off_m
    FROM candidate
    WHERE
        ST_DWithin(ST_StartPoint(candidate.part), candidate.stretch, :reach_m)
        AND ST_DWithin(ST_EndPoint(candidate.part), candidate.stretch, :reach_m)
        AND ST_DWithin(ST_LineInterpolatePoint(candidate.part, 0.5), candidate.stretch, :reach_m)
),
alike AS (
    SELECT
        laid.*,
        laid.tail > laid.head AS turned_round,
        least(laid.tail, laid.head) AS covers_from,
        greatest(laid.tail, laid.head) AS covers_to
    FROM laid
    CROSS JOIN LATERAL (
        SELECT ST_LineSubstring(laid.stretch, least(laid.tail, laid.head), greatest(laid.tail, laid.head)) AS old
    ) AS piece
    CROSS JOIN LATERAL (
        SELECT abs(degrees(
            ST_Azimuth(ST_StartPoint(piece.old), ST_EndPoint(piece.old))
            - ST_Azimuth(ST_StartPoint(laid.part), ST_EndPoint(laid.part))
        )) AS turn
    ) AS between_axes
    WHERE
        laid.tail <> laid.head
        AND abs(between_axes.turn - 180 * round(between_axes.turn / 180)) <= :turn_degrees
),
nearest AS (
    SELECT alike.*
    FROM alike
    WHERE NOT EXISTS (
        SELECT
        FROM alike AS other
        WHERE
            (other.kind, other.occupation_id, other.gone_gid, other.place)
            = (alike.kind, alike.occupation_id, alike.gone_gid, alike.place)
            AND other.gid <> alike.gid
            AND other.off_m < alike.off_m - 0.5
            AND (alike.covers_from + alike.covers_to) / 2 BETWEEN other.covers_from AND other.covers_to
    )
),
found AS (
    SELECT
        nearest.*,
        sum(nearest.covers_to - nearest.covers_from)
            OVER (PARTITION BY nearest.kind, nearest.occupation_id, nearest.gone_gid, nearest.place)
            AS covered
    FROM nearest
)
SELECT
    found.kind,
    found.occupation_id,
    found.gone_gid,
    found.place,
    found.gid,
    found.begins * found.length_m AS from_m,
    found.stops * found.length_m AS to_m,
    CASE
        WHEN NOT found.turned_round THEN found.side
        WHEN found.side = 'left' THEN 'right'
        WHEN found.side = 'right' THEN 'left'
        ELSE found.side
    END AS side,
    found.takes,
    found.covers_from
FROM found
WHERE (1 - found.covered) * ST_Length(found.stretch) <= greatest(:end_m, ST_Length(found.stretch) / 10)

-- move_pointers
-- Lays the occupations onto the segments found; where one lies there already, both stretches become one.
-- In: nothing.  Out: as many rows as were written.
INSERT INTO occupation_segment (occupation_id, segment_gid, from_m, to_m, axis_m, side, takes)
SELECT
    match.occupation_id,
    match.gid,
    min(match.from_m),
    max(match.to_m),
    coalesce((
        SELECT ST_Length(ST_Intersection(occupation.area, segment.axis))
        FROM occupation CROSS JOIN road_segment AS segment
        WHERE occupation.occupation_id = match.occupation_id AND segment.gid = match.gid
    ), 0),
    CASE WHEN min(match.side) = max(match.side) THEN min(match.side) ELSE 'both' END,
    array(
        SELECT DISTINCT taken.what
        FROM gone_match AS again CROSS JOIN unnest(again.takes) AS taken (what)
        WHERE again.kind = 'lies' AND again.occupation_id = match.occupation_id AND again.gid = match.gid
        ORDER BY taken.what
    )
FROM gone_match AS match
WHERE match.kind = 'lies'
GROUP BY match.occupation_id, match.gid
ON CONFLICT (occupation_id, segment_gid) DO UPDATE SET
    from_m = least(occupation_segment.from_m, excluded.from_m),
    to_m = greatest(occupation_segment.to_m, excluded.to_m),
    side = CASE WHEN occupation_segment.side = excluded.side THEN excluded.side ELSE 'both' END,
    takes = array(
        SELECT DISTINCT taken.what
        FROM unnest(occupation_segment.takes || excluded.takes) AS taken (what)
        ORDER BY taken.what
    )

-- drop_moved_pointers
-- Takes away the rows whose stretch was found again elsewhere.
-- In: nothing.  Out: as many pointers as were moved.
DELETE FROM occupation_segment AS lies
USING (SELECT DISTINCT occupation_id, gone_gid FROM gone_match WHERE kind = 'lies') AS moved
WHERE lies.occupation_id = moved.occupation_id AND lies.segment_gid = moved.gone_gid

-- move_detours
-- Puts the segments found into the detours' lists, in the order in which the detour drives.
-- In: nothing.  Out: as many detours as were changed.
UPDATE occupation
SET detour_segments = driven.gids
FROM (
    SELECT
        detour.occupation_id,
        array_agg(
            coalesce(match.gid, leads.gid) ORDER BY leads.place,
            CASE WHEN way.backwards THEN -match.covers_from ELSE match.covers_from END
        ) AS gids
    FROM occupation AS detour
    CROSS JOIN unnest(detour.detour_segments) WITH ORDINALITY AS leads (gid, place)
    LEFT JOIN gone_match AS match
        ON match.kind = 'leads' AND match.occupation_id = detour.occupation_id AND match.place = leads.place
    LEFT JOIN gone_segment AS gone ON leads.gid = gone.gid
    LEFT JOIN road_segment AS segment ON gone.gid = segment.gid
    LEFT JOIN LATERAL (
        SELECT
            ST_LineLocatePoint(line.geom, ST_StartPoint(segment.axis))
            > ST_LineLocatePoint(line.geom, ST_EndPoint(segment.axis)) AS backwards
        FROM ST_Dump(detour.detour) AS line
        WHERE ST_GeometryType(line.geom) = 'ST_LineString'
        ORDER BY ST_Distance(line.geom, segment.axis)
        LIMIT 1
    ) AS way ON true
    WHERE detour.occupation_id IN (SELECT pointing.occupation_id FROM gone_match AS pointing WHERE pointing.kind = 'leads')
    GROUP BY detour.occupation_id
) AS driven
WHERE occupation.occupation_id = driven.occupation_id

-- count_moved_detour_places
-- Places in the lists of detours that were found again.
-- In: nothing.  Out: 1 row.
SELECT count(*) AS places
FROM (SELECT occupation_id, place FROM gone_match WHERE kind = 'leads' GROUP BY occupation_id, place) AS place

-- mark_still_pointed_at
-- Says anew which of the gone carry an occupation, after what was found again has moved.
-- In: nothing.  Out: as many as carry none any more.
UPDATE gone_segment AS gone
SET pointed_at = false
WHERE
    gone.pointed_at
    AND NOT EXISTS (SELECT FROM occupation_segment AS lies WHERE lies.segment_gid = gone.gid)
    AND NOT EXISTS (
        SELECT FROM occupation WHERE occupation.detour_segments @> ARRAY[gone.gid]
    )

-- list_stranded
-- The occupations whose street is gone and was not found again; a desk has to look at them.
-- In: nothing.  Out: 0 to n rows, by segment.
SELECT
    gone.segment_id,
    segment.street_name,
    occupation.collection,
    coalesce(occupation.reference, occupation.label, CAST(occupation.source_id AS text)) AS occupation
FROM gone_segment AS gone
INNER JOIN road_segment AS segment ON gone.gid = segment.gid
INNER JOIN occupation
    ON occupation.detour_segments @> ARRAY[gone.gid]
    OR occupation.occupation_id IN (
        SELECT lies.occupation_id FROM occupation_segment AS lies WHERE lies.segment_gid = gone.gid
    )
WHERE gone.pointed_at
ORDER BY gone.segment_id, occupation.collection, 4

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

-- list_axes_in_box
-- Segments for vehicles whose carriageway can be measured, with the width that was assumed so far.
-- In: source, west_m, south_m, east_m, north_m (EPSG:25832).  Out: 0 to n rows; axis as WKB.
SELECT
    segment.gid,
    ST_AsBinary(segment.axis) AS axis,
    CASE
        WHEN coalesce(segment.carriageway_width_source, segment.width_source) = 'assumed'
            THEN segment.carriageway_width_m
    END AS assumed_width_m
FROM road_segment AS segment
WHERE
    segment.source = :source
    AND segment.in_service
    AND coalesce(segment.carriageway_width_m, 1) > 0
    AND segment.axis && ST_MakeEnvelope(:west_m, :south_m, :east_m, :north_m, 25832)
ORDER BY segment.gid

-- save_measured_widths
-- Stores measured widths; the whole cross-section counts as measured only where there is nothing beside the carriageway.
-- In: widths (json array of gid and width_m).  Out: as many as changed.
UPDATE road_segment AS segment
SET
    carriageway_width_m = measured.width_m,
    carriageway_width_source = 'measured',
    width_source = CASE
        WHEN
            coalesce(segment.footway_width_left_m, 0) = 0 AND coalesce(segment.footway_width_right_m, 0) = 0
            AND segment.cycleway_width_m IS NULL
            THEN 'measured'
        WHEN 'assumed' IN (
            coalesce(segment.footway_width_left_source, segment.width_source),
            coalesce(segment.footway_width_right_source, segment.width_source),
            CASE WHEN segment.cycleway_width_m IS NOT NULL
                THEN coalesce(segment.cycleway_width_source, segment.width_source) END)
            THEN 'assumed'
        ELSE 'tagged'
    END,
    updated_at = clock_timestamp()
FROM json_to_recordset(CAST(:widths AS json)) AS measured (gid bigint, width_m double precision)
WHERE
    segment.gid = measured.gid
    AND (segment.carriageway_width_m, segment.carriageway_width_source)
    IS DISTINCT FROM (measured.width_m, 'measured')

-- save_no_dig_periods
-- After resurfacing a street is not dug up for some years: writes the period of every segment whose date is known.
-- In: source, years.  Out: as many as are new or changed.
INSERT INTO no_dig_period (segment_gid, area, period, town, source)
SELECT
    segment.gid,
    ST_Buffer(segment.axis, greatest(half_street_width_m(segment), 1), 'endcap=flat'),
    tstzrange(
        segment.surface_completed_on::timestamp AT TIME ZONE 'Europe/Berlin',
        (segment.surface_completed_on + make_interval(years => :years)) AT TIME ZONE 'Europe/Berlin'
    ),
    segment.town,
    segment.source
FROM road_segment AS segment
WHERE segment.source = :source AND segment.surface_completed_on IS NOT NULL
ON CONFLICT (segment_gid) DO UPDATE SET
    area = excluded.area, period = excluded.period, town = excluded.town, updated_at = clock_timestamp()
WHERE
    (no_dig_period.area, no_dig_period.period, no_dig_period.town)
    IS DISTINCT FROM (excluded.area, excluded.period, excluded.town)
