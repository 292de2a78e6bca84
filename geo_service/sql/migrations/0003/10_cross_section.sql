-- Where the strips of a street lie beside its axis (docs/decisions/0009-strips.md), and what shape they have.

CREATE FUNCTION cross_section_strips(segment road_segment)
RETURNS TABLE (strip text, side text, low_m double precision, high_m double precision, width_source text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    WITH given AS (
        SELECT
            segment.modes && ARRAY['car', 'bus'] AS motor, segment.modes && ARRAY['car', 'bus', 'foot'] AS walked,
            segment.carriageway_width_m / 2 AS half_m, segment.footway_width_left_m AS left_m, segment.footway_width_right_m AS right_m,
            segment.cycleway_kind AS kind, segment.cycleway_width_m AS cycle_m,
            segment.one_way <> 'forward' AS rides_left, segment.one_way <> 'backward' AS rides_right,
            coalesce(segment.carriageway_width_source, segment.width_source) = 'assumed' AS carriageway_assumed,
            coalesce(segment.footway_width_left_source, segment.width_source) = 'assumed' AS left_assumed,
            coalesce(segment.footway_width_right_source, segment.width_source) = 'assumed' AS right_assumed,
            segment.cycleway_kind IN ('track', 'lane', 'advisory_lane', 'own_way', 'segregated_path')
                AND coalesce(segment.cycleway_width_source, segment.width_source) = 'assumed' AS cycle_assumed
    ), beside AS (
        -- Tracks lie between carriageway and footway; what is not known of one leaves the footway unknown, too.
        SELECT
            given.*,
            CASE WHEN kind = 'track' AND rides_left THEN cycle_m ELSE 0 END AS track_left_m,
            CASE WHEN kind = 'track' AND rides_right THEN cycle_m ELSE 0 END AS track_right_m,
            -- A way without motor traffic is one surface from edge to edge.
            coalesce(half_m, 0) + left_m + CASE WHEN kind IN ('own_way', 'segregated_path') THEN cycle_m / 2 ELSE 0 END AS way_left_m,
            coalesce(half_m, 0) + right_m + CASE WHEN kind IN ('own_way', 'segregated_path') THEN cycle_m / 2 ELSE 0 END AS way_right_m
        FROM given
    )
    SELECT found.strip, found.side, found.low_m, found.high_m,
        CASE WHEN found.assumed THEN 'assumed'
            WHEN 'tagged' IN (segment.width_source, segment.carriageway_width_source, segment.footway_width_left_source,
                segment.footway_width_right_source, segment.cycleway_width_source) THEN 'tagged'
            ELSE 'measured' END
    FROM beside
    CROSS JOIN LATERAL (VALUES
        ('carriageway', 'axis', motor, -half_m, half_m, carriageway_assumed),
        ('corridor', 'axis', motor, -half_m, half_m, carriageway_assumed),
        ('footway', 'left', motor, half_m + track_left_m, half_m + track_left_m + left_m,
            carriageway_assumed OR left_assumed OR cycle_assumed AND kind = 'track'),
        ('footway', 'right', motor, -half_m - track_right_m - right_m, -half_m - track_right_m,
            carriageway_assumed OR right_assumed OR cycle_assumed AND kind = 'track'),
        ('cycleway', 'left', motor AND rides_left AND kind = 'track', half_m, half_m + cycle_m, carriageway_assumed OR cycle_assumed),
        ('cycleway', 'right', motor AND rides_right AND kind = 'track', -half_m - cycle_m, -half_m, carriageway_assumed OR cycle_assumed),
        ('cycleway', 'left', motor AND rides_left AND kind IN ('lane', 'advisory_lane'), half_m - cycle_m, half_m,
            carriageway_assumed OR cycle_assumed),
        ('cycleway', 'right', motor AND rides_right AND kind IN ('lane', 'advisory_lane'), -half_m, -half_m + cycle_m,
            carriageway_assumed OR cycle_assumed),
        ('cycleway', 'axis', motor AND kind = 'bicycle_road', -half_m, half_m, carriageway_assumed),
        ('footway', 'axis', NOT motor AND walked AND kind IS DISTINCT FROM 'own_way', -way_right_m, way_left_m,
            left_assumed OR right_assumed OR cycle_assumed),
        ('corridor', 'axis', NOT motor AND walked AND kind IS DISTINCT FROM 'own_way', -way_right_m, way_left_m,
            left_assumed OR right_assumed OR cycle_assumed),
        ('cycleway', 'axis', NOT motor AND kind IN ('own_way', 'segregated_path', 'shared_path'), -way_right_m, way_left_m,
            left_assumed OR right_assumed OR cycle_assumed)
    ) AS found (strip, side, there, low_m, high_m, assumed)
    WHERE found.there AND (found.low_m < found.high_m) IS NOT FALSE
$$;
COMMENT ON FUNCTION cross_section_strips(road_segment) IS
    'The strips of a segment, metres from its axis, left positive; NULL where a width is not known, no row where there is no such strip.';

-- How far before its end the strips of a segment stop, because there the carriageway of another street begins: half
-- of the widest one that meets it there. What goes straight on is the same street; two that only bend are no junction.
CREATE FUNCTION junction_stop_m(segment road_segment, at_start boolean) RETURNS double precision
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT coalesce(CASE WHEN count(*) >= 2 THEN max(meeting.carriageway_width_m) FILTER (WHERE
            abs(abs(degrees(meeting.azimuth - here.azimuth)) - 180) > 45) END / 2, 0)
    FROM (
        SELECT ends.place, ST_Azimuth(ends.place, ends.inside) AS azimuth
        FROM (SELECT
            ST_LineInterpolatePoint(segment.axis, CASE WHEN at_start THEN 0 ELSE 1 END) AS place,
            ST_LineInterpolatePoint(segment.axis, CASE WHEN at_start THEN near.share ELSE 1 - near.share END) AS inside
            FROM (SELECT least(5 / greatest(segment.length_m, 0.01), 1) AS share) AS near
        ) AS ends
    ) AS here
    CROSS JOIN LATERAL (
        SELECT other.carriageway_width_m, ST_Azimuth(here.place, ST_LineInterpolatePoint(other.axis, CASE
            WHEN ST_DWithin(ST_StartPoint(other.axis), here.place, 0.05) THEN least(5 / greatest(other.length_m, 0.01), 1)
            ELSE 1 - least(5 / greatest(other.length_m, 0.01), 1) END)) AS azimuth
        FROM road_segment AS other
        WHERE other.axis && ST_Expand(here.place, 0.05) AND other.gid <> segment.gid AND other.in_service
            AND other.modes && ARRAY['car', 'bus'] AND other.carriageway_width_m > 0
            AND (ST_DWithin(ST_StartPoint(other.axis), here.place, 0.05) OR ST_DWithin(ST_EndPoint(other.axis), here.place, 0.05))
        OFFSET 0
    ) AS meeting
$$;

-- The strip between low_m and high_m beside the axis from one station to another: body = cut square there, strip =
-- prolonged straight on at both ends, head and tail = the prolongations. NULL where no such shape exists (a bend
-- tighter than the strip is far away).
CREATE FUNCTION strip_shape(
    axis geometry, from_m double precision, to_m double precision, low_m double precision, high_m double precision,
    prolonged_m double precision, OUT strip geometry, OUT body geometry, OUT head geometry, OUT tail geometry)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    length_m double precision := ST_Length(axis);
    half_m double precision := (high_m - low_m) / 2;
    middle_m double precision := (high_m + low_m) / 2;
    reach_m double precision := greatest(prolonged_m, half_m + 0.5);   -- eroding by half a width must leave some of it
    line geometry;
    first geometry;
    last geometry;
    azimuth double precision;
BEGIN
    IF (half_m > 0 AND to_m - from_m > 0.01) IS NOT TRUE THEN
        RETURN;
    END IF;
    line := ST_RemoveRepeatedPoints(ST_LineSubstring(axis, greatest(from_m / length_m, 0), least(to_m / length_m, 1)), 0.01);
    first := ST_StartPoint(line);
    last := ST_EndPoint(line);
    azimuth := ST_Azimuth(ST_PointN(line, 2), first);
    head := ST_MakeLine(ST_Translate(first, reach_m * sin(azimuth), reach_m * cos(azimuth)), first);
    azimuth := ST_Azimuth(ST_PointN(line, -2), last);
    tail := ST_MakeLine(last, ST_Translate(last, reach_m * sin(azimuth), reach_m * cos(azimuth)));
    strip := ST_AddPoint(ST_AddPoint(line, ST_StartPoint(head), 0), ST_EndPoint(tail));
    body := ST_Buffer(strip_middle(line, middle_m), half_m, 'endcap=flat join=mitre');
    strip := ST_Buffer(strip_middle(strip, middle_m), half_m, 'endcap=flat join=mitre');
    head := ST_Buffer(strip_middle(head, middle_m), half_m, 'endcap=flat join=mitre');
    tail := ST_Buffer(strip_middle(tail, middle_m), half_m, 'endcap=flat join=mitre');
    IF ST_Area(strip) > 0 AND ST_Area(body) > 0 THEN
        RETURN;
    END IF;
    strip := NULL; body := NULL; head := NULL; tail := NULL;
EXCEPTION WHEN internal_error THEN   -- what the geometry library cannot do is not known, and a check must answer
    strip := NULL; body := NULL; head := NULL; tail := NULL;
END $$;

CREATE FUNCTION strip_middle(line geometry, middle_m double precision) RETURNS geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN abs(middle_m) < 0.001 THEN line ELSE ST_OffsetCurve(line, middle_m, 'join=mitre') END $$;
