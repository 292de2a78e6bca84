-- What an occupation closes. `streets`: its extents along the axes (json, Street.row()); NULL = as stored, or for a
-- request that is checked beside mine, measured from its area.
CREATE FUNCTION closure_of(who occupation, streets jsonb, closing_axis_m double precision) RETURNS network_closure LANGUAGE sql STABLE
AS $$
WITH stood_in AS (
    SELECT street.gid, street.axis_m, street.takes
    FROM jsonb_to_recordset(streets) AS street (gid bigint, axis_m double precision, takes text[])
    UNION ALL
    SELECT segment_gid, axis_m, takes FROM occupation_segment WHERE streets IS NULL AND occupation_id = who.occupation_id
    UNION ALL
    SELECT segment.gid, ST_Length(ST_Intersection(segment.axis, who.area)), coalesce(who.takes, '{footway}')
    FROM road_segment AS segment
    WHERE streets IS NULL AND who.occupation_id IS NULL AND segment.axis && who.area
), closed AS (
    SELECT gid, false AS listed, 'footway' = ANY(takes) AS takes_footway
    FROM stood_in
    WHERE who.restriction IN ('full_closure', 'full_closure_residents_free') AND axis_m >= closing_axis_m
    UNION ALL
    SELECT gid, true, false FROM road_segment WHERE segment_id = ANY(who.closed_segments)
), judged AS (
    SELECT segment.gid, 'car' = ANY(segment.modes) AS for_cars,
        -- 2 closed on foot, 1 not said, 0 people can walk past
        max(CASE
            WHEN 'foot' <> ALL (segment.modes) OR who.pedestrian_guidance IN ('unchanged', 'emergency_path', 'opposite_side') THEN 0
            WHEN closed.listed THEN CASE WHEN 'car' <> ALL (segment.modes) OR who.pedestrian_guidance = 'diverted' THEN 2 ELSE 0 END
            WHEN who.restriction <> 'full_closure' THEN 0
            WHEN NOT closed.takes_footway AND 'car' = ANY(segment.modes)
                AND coalesce(segment.footway_width_left_m, 0) + coalesce(segment.footway_width_right_m, 0) > 0 THEN 0
            WHEN who.pedestrian_guidance = 'diverted' THEN 2
            ELSE 1
        END) AS on_foot
    FROM closed
    INNER JOIN road_segment AS segment ON segment.gid = closed.gid
    WHERE segment.in_service AND segment.start_node IS NOT NULL AND segment.end_node IS NOT NULL
    GROUP BY segment.gid
)
SELECT
    who.occupation_id, who.binding, coalesce(who.recurrence, tstzmultirange(who.period)), true,
    coalesce(array_agg(gid ORDER BY gid) FILTER (WHERE for_cars), '{}'),
    coalesce(array_agg(gid ORDER BY gid) FILTER (WHERE for_cars AND who.restriction <> 'full_closure_residents_free'), '{}'),
    coalesce(array_agg(gid ORDER BY gid) FILTER (WHERE on_foot > 0), '{}'),
    coalesce(bool_and(on_foot <> 1), true)
FROM judged
$$;

-- What is known of a period: with an open end only what lies before as_of, because what counts still stands there.
CREATE FUNCTION known_period(who occupation, as_of timestamptz) RETURNS tstzrange LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN who.end_known THEN who.period ELSE tstzrange(lower(who.period), greatest(lower(who.period), as_of), '[]') END $$;

-- The closures in a box that meet mine in time: stored ones of any town and the other requests of the same check, those
-- that meet it longest first. Never mine itself or its case group.
CREATE FUNCTION closures_beside(mine occupation, requests jsonb, box geometry, closing_axis_m double precision, as_of timestamptz, at_most integer)
RETURNS SETOF network_closure LANGUAGE sql STABLE
AS $$
WITH near AS (
    SELECT occupation AS who FROM occupation
    WHERE counts AND restriction IN ('full_closure', 'full_closure_residents_free') AND area && box AND period && mine.period
    UNION ALL
    SELECT occupation AS who FROM occupation
    WHERE counts AND closed_segments <> '{}' AND period && mine.period
        AND NOT (restriction IN ('full_closure', 'full_closure_residents_free') AND coalesce(area && box, false))
        AND EXISTS (SELECT FROM road_segment AS segment WHERE segment.segment_id = ANY(occupation.closed_segments) AND segment.axis && box)
    UNION ALL
    SELECT CAST(request AS occupation) FROM jsonb_populate_recordset(CAST(NULL AS occupation), requests) AS request
), longest AS (
    -- What each closes is looked up for so many only, also where ten thousand stand on one spot.
    SELECT near.who FROM near
    WHERE (near.who).case_group <> mine.case_group AND (near.who).source_id <> mine.source_id
    ORDER BY upper((near.who).period * mine.period) - lower((near.who).period * mine.period) DESC NULLS FIRST, (near.who).source_id
    LIMIT 5 * at_most
)
SELECT (who).occupation_id, (who).binding, closure.times,
    ((who).end_known AND mine.end_known) OR known_period(mine, as_of) && known_period(who, as_of),
    closure.driven, closure.reached, closure.walked, closure.guidance_known
FROM longest
CROSS JOIN LATERAL closure_of(longest.who, NULL, closing_axis_m) AS closure
WHERE closure.times && coalesce(mine.recurrence, tstzmultirange(mine.period))
    AND cardinality(closure.driven || closure.walked) > 0
ORDER BY upper((who).period * mine.period) - lower((who).period * mine.period) DESC NULLS FIRST, (who).source_id
LIMIT at_most
$$;

-- Every distinct set of other closures during mine, by their places in `others`: of all of them, of the binding ones, and
-- of those whose times are known. Of each kind at most `at_most`, the longest first; else `complete` is false.
CREATE FUNCTION simultaneous_sets(others network_closure[], mine tstzmultirange, at_most integer)
RETURNS TABLE (members integer[], binding boolean, times_known boolean, during tstzrange, complete boolean) LANGUAGE sql STABLE
AS $$
WITH other AS MATERIALIZED (
    SELECT CAST(place AS integer) AS place, each.binding, each.times_known, each.times * mine AS times
    FROM unnest(others) WITH ORDINALITY AS each (occupation_id, binding, times, times_known, driven, reached, walked, guidance_known, place)
), moment AS (
    SELECT DISTINCT coalesce(bound.at, CAST('infinity' AS timestamptz)) AS at
    FROM other
    CROSS JOIN LATERAL unnest(other.times) AS span (one)
    CROSS JOIN LATERAL (VALUES (lower(span.one)), (upper(span.one))) AS bound (at)
), piece AS (
    SELECT tstzrange(at, lead(at) OVER (ORDER BY at)) AS span, extract(EPOCH FROM lead(at) OVER (ORDER BY at)) - extract(EPOCH FROM at) AS lasts_s
    FROM moment
), standing AS (
    SELECT kind.binding_only, kind.known_only, piece.span, piece.lasts_s, array_agg(other.place ORDER BY other.place) AS members,
        bool_and(other.binding) AS binding, bool_and(other.times_known) AS times_known
    FROM piece
    CROSS JOIN (VALUES (true, true), (true, false), (false, true), (false, false)) AS kind (binding_only, known_only)
    INNER JOIN other ON other.times && piece.span
    WHERE piece.lasts_s > 0 AND (other.binding OR NOT kind.binding_only) AND (other.times_known OR NOT kind.known_only)
    GROUP BY kind.binding_only, kind.known_only, piece.span, piece.lasts_s
), ranked AS (
    SELECT binding_only, known_only, standing.members, bool_and(standing.binding) AS binding, bool_and(standing.times_known) AS times_known,
        range_merge(range_agg(standing.span)) AS during,
        row_number() OVER (PARTITION BY binding_only, known_only ORDER BY sum(lasts_s) DESC, standing.members) AS place,
        count(*) OVER (PARTITION BY binding_only, known_only) AS sets
    FROM standing
    GROUP BY binding_only, known_only, standing.members
)
SELECT DISTINCT ON (members) members, binding, times_known, during, (SELECT max(sets) <= at_most FROM ranked)
FROM ranked WHERE place <= at_most
ORDER BY members
$$;

-- The ids and closed segments of a set.
CREATE FUNCTION together_of(others network_closure[], members integer[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE
AS $$
SELECT coalesce(array_agg(occupation_id ORDER BY occupation_id) FILTER (WHERE occupation_id IS NOT NULL), '{}')
FROM unnest(members) AS member (place) CROSS JOIN LATERAL (SELECT (others[member.place]).occupation_id) AS one
$$;
