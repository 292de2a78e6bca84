-- Place rules: mine against what does not move. One statement for each kind of object (rule file key `objects`),
-- named KIND_rows, to stand in «object_rows» of the branch under the name of the kind. Each gives the columns object_id,
-- kind, name, town, place (geometry), period and times (both NULL = always), segment_id, place_de, place_en, and the
-- facts of its kind. What is read from a table is found by its spatial index, as the other occupations are.

-- place_branch
-- Mine against the objects of one kind.
-- In: as_of, what the rows of the kind need.  Out: one row for each rule and object that may apply.
SELECT
    rule.*, mine.occupation_id AS mine_id, mine.source_id AS mine_source, mine.town AS mine_town, mine.area AS mine_area,
    CAST(NULL AS bigint) AS other_id, text '«objects»' AS other_collection, «objects».object_id AS other_source,
    CAST(NULL AS text) AS reference, «objects».town AS other_town, «objects».name AS label,
    CAST(NULL AS text) AS use_type, «objects».kind, CAST(NULL AS text) AS state,
    CAST(NULL AS boolean) AS published, «objects».period AS other_period, «objects».place AS other_area,
    facts.during, «objects».segment_id, «objects».place_de, «objects».place_en, CAST(NULL AS bigint[]) AS together
FROM given AS mine
-- LATERAL with OFFSET 0: the planner cannot turn the join round and lose the spatial part of the index.
CROSS JOIN LATERAL («object_rows» OFFSET 0) AS «objects»
CROSS JOIN LATERAL («place_facts» OFFSET 0) AS facts
CROSS JOIN LATERAL («rules») AS rule (rule, geometry, worse, applies, block, warn, info, chance, measured, limit_value, missing)
WHERE rule.applies IS DISTINCT FROM false

-- place_facts
-- What the place rules may ask about mine and an object, as `pair_facts` for two occupations. The time of an object is
-- known; an end of mine that is not known leaves `same_time` open, unless they meet from the start to as_of.
-- In: as_of.  Out: 1 row.
SELECT
    CASE
        WHEN «objects».period IS NULL THEN true
        WHEN NOT span.mine_times && span.object_times THEN false
        WHEN mine.end_known OR span.mine_known && span.object_times THEN true
    END AS same_time,
    range_merge(span.mine_times * span.object_times) AS during,
    CASE WHEN spaces.touches THEN ST_Area(ST_Intersection(mine.area, «objects».place)) WHEN NOT spaces.touches THEN 0 END AS shared_m2,
    CASE WHEN spaces.touches THEN 0 WHEN NOT spaces.touches THEN ST_Distance(mine.area, «objects».place) END AS distance_m
FROM (SELECT
    coalesce(mine.recurrence, tstzmultirange(mine.period)) AS mine_times,
    coalesce(«objects».times, tstzmultirange(«objects».period)) AS object_times,
    tstzrange(lower(mine.period), greatest(lower(mine.period), CAST(:as_of AS timestamptz)), '[]') AS mine_known
) AS span
CROSS JOIN (SELECT ST_Intersects(mine.area, «objects».place) AS touches OFFSET 0) AS spaces

-- border_rows
-- The borders around mine: outside_m beyond the nearest town, distance_m to the nearest border, second_m2 in other
-- towns than the first, accuracy_m of the boundary in question.
-- In: border (json object, conflicts/places.py).  Out: 1 row.
SELECT border.*
FROM jsonb_to_record(CAST(:border AS jsonb)) AS border (
    outside_m double precision, distance_m double precision, second_m2 double precision, accuracy_m double precision,
    object_id uuid, kind text, name text, town text, place geometry, period tstzrange, times tstzmultirange,
    segment_id text, place_de text, place_en text)

-- road_rows
-- The roads mine stands in, one row for each owner and number.
-- In: roads (json array, conflicts/places.py).  Out: one row for each road.
SELECT road.*
FROM jsonb_to_recordset(CAST(:roads AS jsonb)) AS road (
    road_class text, road_number text, road_owner text,
    object_id uuid, kind text, name text, town text, place geometry, period tstzrange, times tstzmultirange,
    segment_id text, place_de text, place_en text)

-- segment_rows
-- The segments mine stands in or is declared to close. axis_m: length of the axis that mine covers; listed: declared
-- closed; rescue_distance_m: to the nearest hospital or fire station, infinite where none is in reach.
-- In: reach_segment (metres from the axis).  Out: one row for each segment.
SELECT
    CAST(NULL AS uuid) AS object_id, CAST(NULL AS text) AS kind,
    coalesce(segment.street_name || ' (' || segment.road_number || ')', segment.road_number, segment.street_name) AS name,
    segment.town, segment.axis AS place, CAST(NULL AS tstzrange) AS period, CAST(NULL AS tstzmultirange) AS times,
    segment.segment_id, CAST(NULL AS text) AS place_de, CAST(NULL AS text) AS place_en,
    segment.network_function, stood.axis_m, stood.listed,
    coalesce(rescue.distance_m, 'Infinity') AS rescue_distance_m
FROM (
    SELECT both_ways.gid, max(both_ways.axis_m) AS axis_m, bool_or(both_ways.listed) AS listed
    FROM (
        SELECT given_street.segment_gid AS gid, given_street.axis_m, false AS listed
        FROM given_street
        UNION ALL
        SELECT declared.gid, 0, true
        FROM road_segment AS declared
        WHERE declared.segment_id = ANY(mine.closed_segments)
    ) AS both_ways
    GROUP BY both_ways.gid
) AS stood
INNER JOIN road_segment AS segment ON segment.gid = stood.gid
CROSS JOIN LATERAL (
    SELECT min(ST_Distance(facility.place, segment.axis)) AS distance_m
    FROM facility
    WHERE facility.place && ST_Expand(segment.axis, :reach_segment) AND facility.kind IN ('hospital', 'fire_station')
) AS rescue

-- school_rows
-- Schools and kindergartens near mine. school_time: mine meets the hours of the way to school, NULL where the school
-- holidays are not known (conflicts/school_time.py).
-- The key is made of source and source_id, so that it stays the same when the place is imported anew.
-- In: reach_school (metres), school_time ('true', 'false' or '').  Out: one row for each.
SELECT
    CAST(md5('facility ' || facility.source || ' ' || facility.source_id) AS uuid) AS object_id, facility.kind,
    facility.name, facility.town, facility.place, CAST(NULL AS tstzrange) AS period,
    CAST(NULL AS tstzmultirange) AS times, CAST(NULL AS text) AS segment_id, CAST(NULL AS text) AS place_de,
    CAST(NULL AS text) AS place_en, CAST(nullif(:school_time, '') AS boolean) AS school_time
FROM facility
WHERE facility.place && ST_Expand(mine.area, :reach_school) AND facility.kind IN ('school', 'kindergarten')

-- bus_stop_rows
-- Bus stops near mine. dimension: 0 drawn as a point, 1 a line, 2 an area.
-- In: reach_bus_stop (metres).  Out: one row for each.
SELECT
    CAST(md5('facility ' || facility.source || ' ' || facility.source_id) AS uuid) AS object_id, facility.kind,
    facility.name, facility.town, facility.place, CAST(NULL AS tstzrange) AS period,
    CAST(NULL AS tstzmultirange) AS times, CAST(NULL AS text) AS segment_id, CAST(NULL AS text) AS place_de,
    CAST(NULL AS text) AS place_en, ST_Dimension(facility.place) AS dimension
FROM facility
WHERE facility.place && ST_Expand(mine.area, :reach_bus_stop) AND facility.kind = 'bus_stop'

-- hydrant_rows
-- Hydrants near mine.
-- In: reach_hydrant (metres).  Out: one row for each.
SELECT
    CAST(md5('facility ' || facility.source || ' ' || facility.source_id) AS uuid) AS object_id, facility.kind,
    facility.name, facility.town, facility.place, CAST(NULL AS tstzrange) AS period,
    CAST(NULL AS tstzmultirange) AS times, CAST(NULL AS text) AS segment_id, CAST(NULL AS text) AS place_de,
    CAST(NULL AS text) AS place_en
FROM facility
WHERE facility.place && ST_Expand(mine.area, :reach_hydrant) AND facility.kind = 'hydrant'

-- fire_area_rows
-- Areas of the fire brigade near mine.
-- In: reach_fire_area (metres).  Out: one row for each that is in force.
SELECT
    CAST(md5('fire_area ' || fire_area.source || ' ' || fire_area.source_id) AS uuid) AS object_id, fire_area.kind,
    fire_area.name, fire_area.town, fire_area.place, CAST(NULL AS tstzrange) AS period,
    CAST(NULL AS tstzmultirange) AS times, CAST(NULL AS text) AS segment_id, CAST(NULL AS text) AS place_de,
    CAST(NULL AS text) AS place_en
FROM fire_area
WHERE fire_area.cancelled_at IS NULL AND fire_area.place && ST_Expand(mine.area, :reach_fire_area)

-- blackout_rows
-- Areas and times in which uses are refused.
-- In: reach_blackout (metres).  Out: one row for each that is in force and whose period meets that of mine.
SELECT
    blackout.blackout_id AS object_id, CAST(NULL AS text) AS kind, blackout.title AS name, blackout.town,
    blackout.area AS place, blackout.period, blackout.recurrence AS times, CAST(NULL AS text) AS segment_id,
    CAST(NULL AS text) AS place_de, CAST(NULL AS text) AS place_en, blackout.refuses
FROM blackout
WHERE blackout.cancelled_at IS NULL AND blackout.area && ST_Expand(mine.area, :reach_blackout) AND blackout.period && mine.period

-- no_dig_period_rows
-- Where the ground must not be opened for some years: a resurfaced segment, or an area drawn by a clerk.
-- In: reach_no_dig_period (metres).  Out: one row for each that is in force and whose period meets that of mine.
SELECT
    sealed.no_dig_period_id AS object_id, CAST(NULL AS text) AS kind,
    coalesce(sealed.title, segment.street_name, segment.road_number) AS name, sealed.town, sealed.area AS place,
    sealed.period, CAST(NULL AS tstzmultirange) AS times, segment.segment_id, CAST(NULL AS text) AS place_de,
    CAST(NULL AS text) AS place_en
FROM no_dig_period AS sealed
LEFT JOIN road_segment AS segment ON segment.gid = sealed.segment_gid
WHERE sealed.cancelled_at IS NULL AND sealed.area && ST_Expand(mine.area, :reach_no_dig_period) AND sealed.period && mine.period

-- reinstatement_rows
-- Where somebody's dig was closed again and accepted.
-- In: reach_reinstatement (metres).  Out: one row for each that is in force.
SELECT
    reinstatement.reinstatement_id AS object_id, CAST(NULL AS text) AS kind, reinstatement.title AS name,
    reinstatement.town, reinstatement.area AS place, CAST(NULL AS tstzrange) AS period,
    CAST(NULL AS tstzmultirange) AS times, CAST(NULL AS text) AS segment_id,
    concat(reinstatement.title, ' (abgenommen am ', to_char(reinstatement.accepted_on, 'DD.MM.YYYY'), ')') AS place_de,
    concat(reinstatement.title, ' (accepted on ', to_char(reinstatement.accepted_on, 'YYYY-MM-DD'), ')') AS place_en,
    reinstatement.accepted_on
FROM reinstatement
WHERE reinstatement.cancelled_at IS NULL AND reinstatement.area && ST_Expand(mine.area, :reach_reinstatement)

-- occupations_near
-- What counts and may be told something else by the place rules when an object in this area changes: what stands in
-- reach of it, and what stands in or closes a segment in reach of it.
-- In: area (EWKB, EPSG:25832; each of its parts is looked at alone), reach_m (of the rule that looks furthest),
-- reach_segment_m.  Out: one row for each.
WITH changed AS MATERIALIZED (
    SELECT part.geom AS area
    FROM ST_Dump(ST_GeomFromEWKB(:area)) AS part
), segment AS MATERIALIZED (
    SELECT DISTINCT near.gid, near.segment_id
    FROM changed
    CROSS JOIN LATERAL (
        SELECT road_segment.gid, road_segment.segment_id
        FROM road_segment
        WHERE road_segment.axis && ST_Expand(changed.area, :reach_segment_m)
        OFFSET 0
    ) AS near
)
SELECT near.occupation_id
FROM changed
CROSS JOIN LATERAL (
    SELECT occupation.occupation_id
    FROM occupation
    WHERE occupation.counts AND occupation.area && ST_Expand(changed.area, :reach_m)
    OFFSET 0
) AS near
UNION
SELECT occupation.occupation_id
FROM segment
INNER JOIN occupation_segment AS stood ON stood.segment_gid = segment.gid
INNER JOIN occupation ON occupation.occupation_id = stood.occupation_id
WHERE occupation.counts
UNION
SELECT occupation.occupation_id
FROM occupation
WHERE occupation.counts AND occupation.closed_segments <> '{}'
    AND occupation.closed_segments && ARRAY(SELECT segment.segment_id FROM segment)
ORDER BY occupation_id
