-- locate_area
-- Where an area lies: the towns that come into question and the streets it stands in, with what it takes of them.
-- A border is nearer than it seems when the boundary is not accurate, so towns within their accuracy count too.
-- The street of a segment is its axis widened by half the carriageway and the footway of that side.
-- In: area (EWKB, EPSG:25832), noise_m2 (smaller overlaps are drawing noise).
-- Out: 1 row; towns (json array, most area first), nearest (json: gap_m to the nearest town, NULL inside one),
-- border_m (to the border of the first town, NULL outside), streets (json array).
WITH mine AS MATERIALIZED (
    SELECT ST_GeomFromEWKB(:area) AS area
), near AS MATERIALIZED (
    SELECT town.ags, town.name, town.boundary_accuracy_m AS accuracy_m, town.settings -> 'lead_time_days' AS lead_time_days,
        sum(CASE
            WHEN ST_Covers(town_piece.piece, mine.area) THEN ST_Area(mine.area)
            WHEN ST_Intersects(town_piece.piece, mine.area) THEN ST_Area(ST_Intersection(town_piece.piece, mine.area))
            ELSE 0 END) AS shared_m2,
        min(ST_Distance(town_piece.piece, mine.area)) AS gap_m
    FROM mine
    INNER JOIN town_piece ON town_piece.piece && ST_Expand(mine.area, (SELECT max(boundary_accuracy_m) FROM town))
    INNER JOIN town ON town.ags = town_piece.town
    GROUP BY town.ags
), possible AS MATERIALIZED (
    SELECT near.*, row_number() OVER (ORDER BY near.shared_m2 DESC, near.gap_m, near.ags) AS place
    FROM near
    WHERE near.shared_m2 > 0 OR near.gap_m <= near.accuracy_m
), touched AS MATERIALIZED (
    SELECT segment.gid, segment.segment_id, segment.street_name, segment.street_key, segment.road_class, segment.road_number,
        segment.road_owner, segment.width_source, segment.modes, mine.area, segment.axis, segment.length_m,
        segment.carriageway_width_m,
        coalesce(segment.carriageway_width_m, 0) / 2 AS half_m,
        coalesce(segment.footway_width_left_m, 0) AS left_m,
        coalesce(segment.footway_width_right_m, 0) AS right_m,
        -- A track lies between carriageway and footway, a lane at the edge of the carriageway (decision 0009).
        CASE WHEN segment.cycleway_kind = 'track' AND segment.one_way <> 'forward' THEN coalesce(segment.cycleway_width_m, 0) ELSE 0 END AS track_left_m,
        CASE WHEN segment.cycleway_kind = 'track' AND segment.one_way <> 'backward' THEN coalesce(segment.cycleway_width_m, 0) ELSE 0 END AS track_right_m,
        CASE WHEN segment.cycleway_kind IN ('lane', 'advisory_lane') AND segment.one_way <> 'forward'
            THEN least(coalesce(segment.cycleway_width_m, 0), segment.carriageway_width_m / 2) ELSE 0 END AS lane_left_m,
        CASE WHEN segment.cycleway_kind IN ('lane', 'advisory_lane') AND segment.one_way <> 'backward'
            THEN least(coalesce(segment.cycleway_width_m, 0), segment.carriageway_width_m / 2) ELSE 0 END AS lane_right_m
    FROM mine
    INNER JOIN road_segment AS segment ON segment.axis && ST_Expand(mine.area, 40)
    WHERE segment.in_service AND ST_DWithin(segment.axis, mine.area, half_street_width_m(segment))
), strip AS MATERIALIZED (
    SELECT touched.*,
        ST_Intersection(area, axis) AS covered,
        CASE WHEN half_m > 0 THEN ST_Area(ST_Intersection(area, ST_Buffer(axis, half_m, 'side=left'))) ELSE 0 END AS carriageway_left_m2,
        CASE WHEN half_m > 0 THEN ST_Area(ST_Intersection(area, ST_Buffer(axis, half_m, 'side=right'))) ELSE 0 END AS carriageway_right_m2,
        CASE WHEN track_left_m > 0 THEN ST_Area(ST_Intersection(area, ST_Buffer(axis, half_m + track_left_m, 'side=left'))) END AS track_left_m2,
        CASE WHEN track_right_m > 0 THEN ST_Area(ST_Intersection(area, ST_Buffer(axis, half_m + track_right_m, 'side=right'))) END AS track_right_m2,
        CASE WHEN lane_left_m > 0 AND lane_left_m < half_m THEN ST_Area(ST_Intersection(area, ST_Buffer(axis, half_m - lane_left_m, 'side=left'))) END AS between_left_m2,
        CASE WHEN lane_right_m > 0 AND lane_right_m < half_m THEN ST_Area(ST_Intersection(area, ST_Buffer(axis, half_m - lane_right_m, 'side=right'))) END AS between_right_m2,
        CASE WHEN left_m > 0 THEN ST_Area(ST_Intersection(area, ST_Buffer(axis, half_m + track_left_m + left_m, 'side=left'))) ELSE 0 END AS left_m2,
        CASE WHEN right_m > 0 THEN ST_Area(ST_Intersection(area, ST_Buffer(axis, half_m + track_right_m + right_m, 'side=right'))) ELSE 0 END AS right_m2
    FROM touched
), street AS (
    SELECT strip.*,
        carriageway_left_m2 + carriageway_right_m2 >= :noise_m2 AS takes_carriageway,
        greatest(left_m2 - coalesce(track_left_m2, carriageway_left_m2), 0)
            + greatest(right_m2 - coalesce(track_right_m2, carriageway_right_m2), 0) >= :noise_m2 AS takes_footway,
        coalesce(track_left_m2 - carriageway_left_m2, carriageway_left_m2 - between_left_m2, 0)
            + coalesce(track_right_m2 - carriageway_right_m2, carriageway_right_m2 - between_right_m2, 0) >= :noise_m2 AS takes_cycleway,
        greatest(left_m2, track_left_m2, carriageway_left_m2) >= :noise_m2 AS on_left,
        greatest(right_m2, track_right_m2, carriageway_right_m2) >= :noise_m2 AS on_right,
        extent.from_m, extent.to_m, extent.axis_m
    FROM strip
    -- Inside a bend the extreme station may belong to a vertex of the axis that the area covers.
    CROSS JOIN LATERAL (
        SELECT
            min(ST_LineLocatePoint(strip.axis, corner.geom)) * strip.length_m AS from_m,
            max(ST_LineLocatePoint(strip.axis, corner.geom)) * strip.length_m AS to_m,
            ST_Length(strip.covered) AS axis_m
        FROM ST_DumpPoints(ST_Collect(strip.area, strip.covered)) AS corner
    ) AS extent
)
SELECT
    (SELECT json_agg(json_build_object('ags', ags, 'name', name, 'accuracy_m', accuracy_m, 'shared_m2', shared_m2, 'gap_m', gap_m,
        'lead_time_days', coalesce(lead_time_days, '{}')) ORDER BY place)
     FROM possible) AS towns,
    (SELECT json_build_object('gap_m', ST_Distance(nearest.piece, mine.area), 'accuracy_m', town.boundary_accuracy_m)
     FROM mine
     CROSS JOIN LATERAL (SELECT town, piece FROM town_piece ORDER BY piece <-> mine.area LIMIT 1) AS nearest
     INNER JOIN town ON town.ags = nearest.town
     WHERE NOT EXISTS (SELECT 1 FROM possible WHERE possible.shared_m2 > 0)) AS nearest,
    (SELECT ST_Distance(ST_Boundary(town.boundary), mine.area) FROM mine
     INNER JOIN possible ON possible.place = 1 AND possible.shared_m2 > 0
     INNER JOIN town ON town.ags = possible.ags) AS border_m,
    (SELECT json_agg(json_build_object(
        'gid', gid, 'segment_id', segment_id, 'street_name', street_name, 'street_key', street_key,
        'road_class', road_class,
        'road_number', road_number, 'road_owner', road_owner, 'width_source', width_source,
        'width_known', carriageway_width_m IS NOT NULL, 'modes', modes,
        'carriageway', takes_carriageway, 'footway', takes_footway, 'cycleway', takes_cycleway, 'from_m', from_m, 'to_m', to_m, 'axis_m', axis_m,
        'side', CASE WHEN on_left AND on_right THEN 'both' WHEN on_left THEN 'left' WHEN on_right THEN 'right' ELSE 'axis' END)
        ORDER BY segment_id)
     FROM street) AS streets

-- find_occupation_of_source
-- The stored occupation of a permit, site, event or detour.
-- In: source_id.  Out: 0 or 1 row.
SELECT occupation_id
FROM occupation
WHERE source_id = :source_id
ORDER BY occupation_id LIMIT 1

-- insert_occupation
-- A new occupation.
-- In: row (json object with the columns as keys).  Out: 1 row.
INSERT INTO occupation (
    town, collection, source_id, case_group, reference, label, state, counts, binding, published, use_type, kind,
    area, detour, height_from_m, height_to_m, period, end_known, recurrence, filed_at, exclusive, excavation,
    restriction, takes, takes_derived, remaining_carriageway_m, remaining_footway_m, pedestrian_guidance,
    cycle_guidance, area_m2, area_declared_m2, consents, traffic_order_period, traffic_order_area, utility, party,
    town_chosen, closed_segments, detour_modes, detour_segments, detour_unmatched, detour_unmatched_m, demo)
SELECT
    town, collection, source_id, case_group, reference, label, state, counts, binding, published, use_type, kind,
    area, detour, height_from_m, height_to_m, period, end_known, recurrence, filed_at, exclusive, excavation,
    restriction, takes, takes_derived, remaining_carriageway_m, remaining_footway_m, pedestrian_guidance,
    cycle_guidance, area_m2, area_declared_m2, consents, traffic_order_period, traffic_order_area, utility, party,
    town_chosen, closed_segments, detour_modes, detour_segments, detour_unmatched, detour_unmatched_m, demo
FROM jsonb_populate_record(CAST(NULL AS occupation), CAST(:row AS jsonb))
RETURNING occupation_id

-- update_occupation
-- An occupation changes in all its facts but its key.
-- In: occupation_id, row (json object with the columns as keys).  Out: nothing.
UPDATE occupation SET (
    town, collection, source_id, case_group, reference, label, state, counts, binding, published, use_type, kind,
    area, detour, height_from_m, height_to_m, period, end_known, recurrence, filed_at, exclusive, excavation,
    restriction, takes, takes_derived, remaining_carriageway_m, remaining_footway_m, pedestrian_guidance,
    cycle_guidance, area_m2, area_declared_m2, consents, traffic_order_period, traffic_order_area, utility, party,
    town_chosen, closed_segments, detour_modes, detour_segments, detour_unmatched, detour_unmatched_m, demo, updated_at) = (
    SELECT
        changed.town, changed.collection, changed.source_id, changed.case_group, changed.reference, changed.label,
        changed.state, changed.counts, changed.binding, changed.published, changed.use_type, changed.kind,
        changed.area, changed.detour, changed.height_from_m, changed.height_to_m, changed.period,
        changed.end_known, changed.recurrence, changed.filed_at, changed.exclusive, changed.excavation,
        changed.restriction, changed.takes, changed.takes_derived, changed.remaining_carriageway_m,
        changed.remaining_footway_m, changed.pedestrian_guidance, changed.cycle_guidance, changed.area_m2,
        changed.area_declared_m2, changed.consents, changed.traffic_order_period, changed.traffic_order_area,
        changed.utility, changed.party, changed.town_chosen, changed.closed_segments, changed.detour_modes,
        changed.detour_segments, changed.detour_unmatched, changed.detour_unmatched_m, changed.demo, now()
    FROM jsonb_populate_record(CAST(NULL AS occupation), CAST(:row AS jsonb)) AS changed)
WHERE occupation.occupation_id = :occupation_id

-- neighbours_in_street
-- Who stands in the same segments as some occupations, at a common time.
-- In: occupations (array of ids).  Out: one row for each pair of occupation_id and neighbour_id.
SELECT DISTINCT here.occupation_id, there.occupation_id AS neighbour_id
FROM occupation AS mine
INNER JOIN occupation_segment AS here ON here.occupation_id = mine.occupation_id
INNER JOIN occupation_segment AS there
    ON
        there.segment_gid = here.segment_gid AND there.occupation_id <> here.occupation_id
        -- Generously, twice what strip_reach_m usually is: one too many costs milliseconds, one too few a wrong finding.
        AND there.from_m <= here.to_m + 20 AND there.to_m >= here.from_m - 20
INNER JOIN occupation AS near ON near.occupation_id = there.occupation_id
WHERE mine.occupation_id = ANY(CAST(:occupations AS bigint[])) AND mine.counts AND near.counts AND near.period && mine.period

-- remove_occupation_segments
-- Forgets in which streets an occupation stands, before it is written anew.
-- In: occupation_id.  Out: nothing.
DELETE FROM occupation_segment
WHERE occupation_id = :occupation_id

-- insert_occupation_segments
-- In which streets an occupation stands and from where to where along the axis, in metres from its start.
-- In: occupation_id, streets (json array of gid, from_m, to_m, axis_m, side, takes).  Out: nothing.
INSERT INTO occupation_segment (occupation_id, segment_gid, from_m, to_m, axis_m, side, takes)
SELECT :occupation_id, street.gid, street.from_m, street.to_m, street.axis_m, street.side, street.takes
FROM jsonb_to_recordset(CAST(:streets AS jsonb)) AS street (
    gid bigint, from_m double precision, to_m double precision, axis_m double precision, side text, takes text[])

-- get_occupation
-- One stored occupation with all its facts; geometries as EWKB, ranges as their bounds.
-- In: occupation_id.  Out: 0 or 1 row.
SELECT occupation_id, town, collection, source_id, case_group, reference, label, state, counts, binding, published,
    use_type, kind, ST_AsEWKB(area) AS area, ST_AsEWKB(detour) AS detour, height_from_m, height_to_m,
    lower(period) AS period_start, upper(period) AS period_end,
    CASE WHEN recurrence IS NOT NULL THEN ARRAY(SELECT ARRAY[lower(span), upper(span)] FROM unnest(recurrence) AS span) END AS recurrence,
    filed_at, exclusive, excavation, restriction, takes, takes_derived, remaining_carriageway_m, remaining_footway_m,
    pedestrian_guidance, cycle_guidance, area_m2, area_declared_m2, consents,
    lower(traffic_order_period) AS order_start, upper(traffic_order_period) AS order_end,
    ST_AsEWKB(traffic_order_area) AS traffic_order_area, utility, party, town_chosen,
    closed_segments, detour_modes, detour_segments, ST_AsEWKB(detour_unmatched) AS detour_unmatched, detour_unmatched_m, demo
FROM occupation
WHERE occupation_id = :occupation_id

-- locate_areas
-- `locate_area` for many areas at once; the part in «» is that statement, so that both find the same.
-- In: areas (json array of number and area as hex EWKB), noise_m2.  Out: 1 row for each area.
SELECT asked.number, located.*
FROM (
    SELECT each.number, ST_GeomFromEWKB(decode(each.area, 'hex')) AS area
    FROM jsonb_to_recordset(CAST(:areas AS jsonb)) AS each (number integer, area text)
) AS asked
CROSS JOIN LATERAL («locate_area») AS located

-- occupations_of_sources
-- The stored occupations of permits, sites, events or detours.
-- In: sources (array of uuid).  Out: at most one row for each.
SELECT DISTINCT ON (source_id) occupation_id, source_id
FROM occupation
WHERE source_id = ANY(CAST(:sources AS uuid[]))
ORDER BY source_id, occupation_id

-- insert_occupations
-- New occupations.
-- In: rows (json array of objects with the columns as keys).  Out: one row for each.
INSERT INTO occupation (
    town, collection, source_id, case_group, reference, label, state, counts, binding, published, use_type, kind,
    area, detour, height_from_m, height_to_m, period, end_known, recurrence, filed_at, exclusive, excavation,
    restriction, takes, takes_derived, remaining_carriageway_m, remaining_footway_m, pedestrian_guidance,
    cycle_guidance, area_m2, area_declared_m2, consents, traffic_order_period, traffic_order_area, utility, party,
    town_chosen, closed_segments, detour_modes, detour_segments, detour_unmatched, detour_unmatched_m, demo)
SELECT
    town, collection, source_id, case_group, reference, label, state, counts, binding, published, use_type, kind,
    area, detour, height_from_m, height_to_m, period, end_known, recurrence, filed_at, exclusive, excavation,
    restriction, takes, takes_derived, remaining_carriageway_m, remaining_footway_m, pedestrian_guidance,
    cycle_guidance, area_m2, area_declared_m2, consents, traffic_order_period, traffic_order_area, utility, party,
    town_chosen, closed_segments, detour_modes, detour_segments, detour_unmatched, detour_unmatched_m, demo
FROM jsonb_populate_recordset(CAST(NULL AS occupation), CAST(:rows AS jsonb))
RETURNING occupation_id, source_id

-- update_occupations
-- Occupations change in all their facts but their keys.
-- In: rows (json array of objects with the columns as keys, occupation_id included).  Out: nothing.
UPDATE occupation SET
    town = changed.town, reference = changed.reference, label = changed.label, state = changed.state,
    counts = changed.counts, binding = changed.binding, published = changed.published, use_type = changed.use_type,
    kind = changed.kind, area = changed.area, detour = changed.detour, height_from_m = changed.height_from_m,
    height_to_m = changed.height_to_m, period = changed.period, end_known = changed.end_known,
    recurrence = changed.recurrence, filed_at = changed.filed_at, exclusive = changed.exclusive,
    excavation = changed.excavation, restriction = changed.restriction, takes = changed.takes,
    takes_derived = changed.takes_derived, remaining_carriageway_m = changed.remaining_carriageway_m,
    remaining_footway_m = changed.remaining_footway_m, pedestrian_guidance = changed.pedestrian_guidance,
    cycle_guidance = changed.cycle_guidance, area_m2 = changed.area_m2, area_declared_m2 = changed.area_declared_m2,
    consents = changed.consents, traffic_order_period = changed.traffic_order_period,
    traffic_order_area = changed.traffic_order_area, utility = changed.utility, party = changed.party,
    town_chosen = changed.town_chosen, closed_segments = changed.closed_segments, detour_modes = changed.detour_modes,
    detour_segments = changed.detour_segments, detour_unmatched = changed.detour_unmatched,
    detour_unmatched_m = changed.detour_unmatched_m, demo = changed.demo, updated_at = now()
FROM jsonb_populate_recordset(CAST(NULL AS occupation), CAST(:rows AS jsonb)) AS changed
WHERE occupation.occupation_id = changed.occupation_id

-- remove_segments_of_occupations
-- Forgets in which streets occupations stand, before it is written anew.
-- In: occupations (array of ids).  Out: nothing.
DELETE FROM occupation_segment
WHERE occupation_id = ANY(CAST(:occupations AS bigint[]))

-- insert_segments_of_occupations
-- In which streets occupations stand and from where to where along the axis, in metres from its start.
-- In: streets (json array of occupation_id, gid, from_m, to_m, axis_m, side, takes).  Out: nothing.
INSERT INTO occupation_segment (occupation_id, segment_gid, from_m, to_m, axis_m, side, takes)
SELECT street.occupation_id, street.gid, street.from_m, street.to_m, street.axis_m, street.side, street.takes
FROM jsonb_to_recordset(CAST(:streets AS jsonb)) AS street (
    occupation_id bigint, gid bigint, from_m double precision, to_m double precision, axis_m double precision, side text,
    takes text[])
