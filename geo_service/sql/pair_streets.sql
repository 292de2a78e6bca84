-- What the pair rules may ask about segments that two occupations have to do with. Parts of the check
-- (conflicts/pair_streets.py puts them together); «who» is mine or other.

-- given_streets
-- The segments in which the given one stands.
given_street

-- stored_streets
-- The segments in which a stored candidate stands, by the primary key.
(SELECT lies.segment_gid, lies.from_m, lies.to_m, lies.axis_m, lies.side, lies.takes
 FROM occupation_segment AS lies
 WHERE lies.occupation_id = «who».occupation_id)

-- requested_streets
-- The same where a candidate may be another request of the same check.
-- In: request_streets (json array: source_id and Street.row()).
(SELECT lies.segment_gid, lies.from_m, lies.to_m, lies.axis_m, lies.side, lies.takes
 FROM occupation_segment AS lies
 WHERE lies.occupation_id = «who».occupation_id
 UNION ALL
 SELECT asked.gid, asked.from_m, asked.to_m, asked.axis_m, asked.side, asked.takes
 FROM jsonb_to_recordset(CAST(:request_streets AS jsonb)) AS asked (
    source_id uuid, gid bigint, from_m double precision, to_m double precision, axis_m double precision, side text, takes text[])
 WHERE «who».occupation_id IS NULL AND asked.source_id = «who».source_id)

-- street_facts
-- Segments that two occupations share: with their areas, with their detours, or one with its area and the other with
-- its detour. What cannot be told is NULL.
-- A label in a SELECT of its own is looked up once for the statement, not for each row.
-- In: as_of, narrowing_reach_m, closing_axis_m, detour_reach_m, shared_detour_m.  Out: 1 row.
SELECT
    facing.narrowing_gap_m,
    CASE WHEN mine.excavation AND other.excavation THEN EXISTS (
        SELECT FROM «mine_streets» AS ours
        INNER JOIN «other_streets» AS theirs ON ours.segment_gid = theirs.segment_gid) END AS same_segment,
    lower(mine.period) > :as_of AND lower(other.period) > :as_of AS both_ahead,
    -- Not known to be of the same party is of different ones: what follows is a hint, never an obstacle.
    coalesce(mine.party = other.party, false) AS same_party,
    my_way.closed_m AS my_detour_closed_m, my_way.narrowed_m AS my_detour_narrowed_m,
    their_way.closed_m AS their_detour_closed_m, their_way.narrowed_m AS their_detour_narrowed_m,
    common.detour_shared_m,
    my_way.unsure AS my_detour_unsure, their_way.unsure AS their_detour_unsure,
    my_way.course AS my_detour, my_way.place_de AS my_detour_de, my_way.place_en AS my_detour_en,
    their_way.course AS their_detour, their_way.place_de AS their_detour_de, their_way.place_en AS their_detour_en,
    common.course AS common_detour, common.place_de AS common_detour_de, common.place_en AS common_detour_en
FROM («facing» OFFSET 0) AS facing
LEFT JOIN LATERAL («my_way» OFFSET 0) AS my_way ON true
LEFT JOIN LATERAL («their_way» OFFSET 0) AS their_way ON true
LEFT JOIN LATERAL («common_detour» OFFSET 0) AS common ON true

-- facing
-- The gap along the axis between two occupations that take width of the same segment, from opposite sides or both
-- from the carriageway: 0 where they overlap, infinite where they do not face each other. NULL while what one takes,
-- or on which side, is not known and could decide.
SELECT CASE WHEN facing.could_be_less AND NOT facing.gap_m < CAST(:narrowing_reach_m AS double precision) * 2 THEN NULL ELSE facing.gap_m END AS narrowing_gap_m
FROM (
    SELECT
        coalesce(min(beside.gap_m) FILTER (WHERE beside.faces), 'Infinity') AS gap_m,
        bool_or(beside.faces IS NULL AND beside.gap_m < CAST(:narrowing_reach_m AS double precision) * 2) AS could_be_less
    FROM (
        SELECT
            pair.gap_m,
            pair.mine_takes && ARRAY['carriageway', 'footway', 'cycleway'] AND pair.other_takes && ARRAY['carriageway', 'footway', 'cycleway']
            AND (pair.opposite OR 'carriageway' = ANY(pair.mine_takes) AND 'carriageway' = ANY(pair.other_takes)) AS faces
        FROM (
            SELECT
                greatest(ours.from_m - theirs.to_m, theirs.from_m - ours.to_m, 0) AS gap_m,
                CASE WHEN 'axis' IN (ours.side, theirs.side) THEN NULL
                    ELSE 'both' IN (ours.side, theirs.side) OR ours.side <> theirs.side END AS opposite,
                «mine_takes» AS mine_takes, «other_takes» AS other_takes
            FROM «mine_streets» AS ours
            INNER JOIN «other_streets» AS theirs ON ours.segment_gid = theirs.segment_gid
        ) AS pair
    ) AS beside
) AS facing

-- takes_there
-- What one takes in one segment: as stated, else as read off the drawing; NULL where a width is missing.
CASE WHEN «who».takes IS NULL THEN nullif(«street».takes, '{}') WHEN «who».takes_derived THEN «street».takes ELSE «who».takes END

-- detour_hindered
-- How much of the detour of «who» runs over segments that «by» closes, or narrows. A closure reaches over some metres of
-- the axis where the detour passes, or the segment is declared closed. The names of the streets say what makes it less
-- than a block: a narrowing, or that nothing is decided about the other yet. NULL where the detour runs on no known street
-- close to what could hinder it, or what is taken there is not known.
SELECT
    way.unsure,
    coalesce(hit.closed_m, CASE WHEN way.unsure AND way.closing THEN NULL ELSE 0 END) AS closed_m,
    coalesce(hit.narrowed_m, CASE
        WHEN hit.takes_unknown OR way.unsure AND (way.narrowing OR «by».takes && way.needed) IS NOT FALSE THEN NULL ELSE 0
        END) AS narrowed_m,
    coalesce(hit.closed_course, hit.narrowed_course, CASE WHEN way.unsure THEN ST_ShortestLine(way.unmatched, «by».area) END) AS course,
    coalesce(
        hit.closed_de || CASE WHEN other.binding THEN '' ELSE ' (' || (SELECT label_de('hindrance', '«undecided»')) || ')' END,
        hit.narrowed_de || ' (' || (SELECT label_de('hindrance', 'narrowed')) || ')') AS place_de,
    coalesce(
        hit.closed_en || CASE WHEN other.binding THEN '' ELSE ' (' || (SELECT label_en('hindrance', '«undecided»')) || ')' END,
        hit.narrowed_en || ' (' || (SELECT label_en('hindrance', 'narrowed')) || ')') AS place_en
FROM (
    SELECT
        «by».restriction IN ('full_closure', 'full_closure_residents_free') AND «who».detour_modes && ARRAY['car', 'bus', 'bicycle']
        OR «by».restriction = 'footway_closure' AND 'foot' = ANY(«who».detour_modes) AS closing,
        «by».restriction IN ('one_direction_closure', 'half_closure_signals', 'half_closure_priority', 'lane_closure', 'narrowing')
        AND «who».detour_modes && ARRAY['car', 'bus', 'bicycle']
        OR «by».restriction = 'cycleway_closure' AND 'bicycle' = ANY(«who».detour_modes) AS narrowing,
        array_remove(ARRAY[
            CASE WHEN «who».detour_modes && ARRAY['car', 'bus', 'bicycle'] THEN 'carriageway' END,
            CASE WHEN 'bicycle' = ANY(«who».detour_modes) THEN 'cycleway' END,
            CASE WHEN 'foot' = ANY(«who».detour_modes) THEN 'footway' END], NULL) AS needed,
        unknown.unmatched,
        coalesce(ST_DWithin(unknown.unmatched, «by».area, CAST(:detour_reach_m AS double precision)), false) AS unsure
    -- A detour that was never matched is unknown as a whole.
    FROM (SELECT CASE WHEN «who».detour_segments IS NULL THEN «who».detour ELSE «who».detour_unmatched END AS unmatched) AS unknown
    WHERE «who».detour IS NOT NULL
    OFFSET 0
) AS way
CROSS JOIN LATERAL (
    SELECT
        sum(segment.length_m) FILTER (WHERE street.closes) AS closed_m,
        sum(segment.length_m) FILTER (WHERE street.narrows) AS narrowed_m,
        bool_or(NOT street.closes AND street.narrows IS NULL) AS takes_unknown,
        ST_Collect(segment.axis) FILTER (WHERE street.closes) AS closed_course,
        ST_Collect(segment.axis) FILTER (WHERE street.narrows) AS narrowed_course,
        string_agg(DISTINCT coalesce(segment.street_name, (SELECT label_de('hindrance', 'unnamed'))), ', ') FILTER (WHERE street.closes) AS closed_de,
        string_agg(DISTINCT coalesce(segment.street_name, (SELECT label_en('hindrance', 'unnamed'))), ', ') FILTER (WHERE street.closes) AS closed_en,
        string_agg(DISTINCT coalesce(segment.street_name, (SELECT label_de('hindrance', 'unnamed'))), ', ')
        FILTER (WHERE street.narrows) AS narrowed_de,
        string_agg(DISTINCT coalesce(segment.street_name, (SELECT label_en('hindrance', 'unnamed'))), ', ')
        FILTER (WHERE street.narrows) AS narrowed_en
    FROM (
        SELECT place.gid, bool_or(place.closes) AS closes, bool_or(place.narrows) AS narrows
        FROM (
            SELECT
                lies.segment_gid AS gid,
                way.closing AND CASE WHEN «by».restriction = 'footway_closure' THEN lies.to_m - lies.from_m ELSE lies.axis_m END
                >= CAST(:closing_axis_m AS double precision) AS closes,
                way.narrowing OR «by_takes» && way.needed AS narrows
            FROM «by_streets» AS lies
            WHERE lies.segment_gid = ANY(«who».detour_segments)
                AND ST_DWithin(«who».detour, «by».area, CAST(:detour_reach_m AS double precision))
            UNION ALL
            SELECT listed.gid, true, true
            FROM road_segment AS listed
            WHERE listed.segment_id = ANY(«by».closed_segments) AND listed.gid = ANY(«who».detour_segments)
        ) AS place
        GROUP BY place.gid
    ) AS street
    INNER JOIN road_segment AS segment ON street.gid = segment.gid
) AS hit

-- common_detour
-- The segments over which both detours run, main roads left out; 0 where no mode uses both. NULL while a part on no
-- known street close to the other detour could decide.
SELECT
    CASE WHEN NOT ways.same_modes THEN 0
        WHEN road.shared_m >= CAST(:shared_detour_m AS double precision) OR NOT ways.unsure THEN coalesce(road.shared_m, 0)
        END AS detour_shared_m,
    coalesce(road.course, ST_ShortestLine(mine.detour, other.detour)) AS course,
    road.place_de, road.place_en
FROM (
    SELECT
        mine.detour_modes && other.detour_modes AS same_modes,
        coalesce(ST_DWithin(unknown.mine_unmatched, other.detour, CAST(:detour_reach_m AS double precision)), false)
        OR coalesce(ST_DWithin(mine.detour, unknown.other_unmatched, CAST(:detour_reach_m AS double precision)), false) AS unsure
    FROM (SELECT
        CASE WHEN mine.detour_segments IS NULL THEN mine.detour ELSE mine.detour_unmatched END AS mine_unmatched,
        CASE WHEN other.detour_segments IS NULL THEN other.detour ELSE other.detour_unmatched END AS other_unmatched
    ) AS unknown
    WHERE mine.detour IS NOT NULL AND other.detour IS NOT NULL
    OFFSET 0
) AS ways
CROSS JOIN LATERAL (
    SELECT
        sum(segment.length_m) AS shared_m, ST_Collect(segment.axis) AS course,
        string_agg(DISTINCT coalesce(segment.street_name, (SELECT label_de('hindrance', 'unnamed'))), ', ') AS place_de,
        string_agg(DISTINCT coalesce(segment.street_name, (SELECT label_en('hindrance', 'unnamed'))), ', ') AS place_en
    FROM unnest(mine.detour_segments) AS led (gid)
    INNER JOIN road_segment AS segment ON led.gid = segment.gid
    WHERE led.gid = ANY(other.detour_segments) AND NOT 'main_road' = ANY(segment.network_function)
) AS road

-- facing_unasked
-- In place of `facing` where no rule asks for it.
SELECT CAST(NULL AS double precision) AS narrowing_gap_m

-- detour_hindered_unasked
-- In place of `detour_hindered` where no rule asks for it.
SELECT
    CAST(NULL AS boolean) AS unsure, CAST(NULL AS double precision) AS closed_m, CAST(NULL AS double precision) AS narrowed_m,
    CAST(NULL AS geometry) AS course, CAST(NULL AS text) AS place_de, CAST(NULL AS text) AS place_en

-- common_detour_unasked
-- In place of `common_detour` where no rule asks for it.
SELECT
    CAST(NULL AS double precision) AS detour_shared_m, CAST(NULL AS geometry) AS course, CAST(NULL AS text) AS place_de,
    CAST(NULL AS text) AS place_en
