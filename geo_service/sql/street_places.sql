-- stretches_of_street
-- The stretches of a street between its junctions, in order along it, with the streets that meet at their ends.
-- In: town (AGS), names (array).  Out: one row for each; azimuth in degrees clockwise from north, from start to end.
WITH stretch AS (
    SELECT segment.segment_id, segment.street_name, segment.axis, segment.length_m, ST_StartPoint(segment.axis) AS first,
        ST_EndPoint(segment.axis) AS last
    FROM road_segment AS segment
    WHERE segment.town = :town AND segment.in_service AND segment.street_name = ANY(CAST(:names AS text[]))
), whole AS (
    -- A street is told from west to east or from south to north, whichever it is longer in.
    SELECT ST_XMax(box) - ST_XMin(box) >= ST_YMax(box) - ST_YMin(box) AS lies_east
    FROM (SELECT ST_Extent(stretch.axis) AS box FROM stretch) AS extent
)
SELECT stretch.segment_id, stretch.street_name, stretch.length_m, degrees(ST_Azimuth(stretch.first, stretch.last)) AS azimuth,
    (SELECT array_agg(DISTINCT other.street_name ORDER BY other.street_name) FROM road_segment AS other
        WHERE other.axis && ST_Expand(stretch.first, 0.05) AND other.in_service AND other.street_name <> stretch.street_name
            AND ST_DWithin(other.axis, stretch.first, 0.05)) AS at_start,
    (SELECT array_agg(DISTINCT other.street_name ORDER BY other.street_name) FROM road_segment AS other
        WHERE other.axis && ST_Expand(stretch.last, 0.05) AND other.in_service AND other.street_name <> stretch.street_name
            AND ST_DWithin(other.axis, stretch.last, 0.05)) AS at_end
FROM stretch
CROSS JOIN whole
ORDER BY CASE WHEN whole.lies_east THEN ST_X(ST_Centroid(stretch.axis)) ELSE ST_Y(ST_Centroid(stretch.axis)) END, stretch.segment_id

-- place_on_stretch
-- An area of some length and depth along a street: at the houses or at the kerb of a footway, or on the carriageway
-- along its edge. Drawn from the strips of the cross-section, so that a check finds it where it is said to be.
-- In: town (AGS), segment_id, at_m (middle, metres from the start of the axis), length_m, depth_m, side (left, right),
-- strip (houses, kerb, carriageway).  Out: 0 or 1 row; area NULL where the width of the strip is not known or the
-- street bends too sharply; width_m: of the strip.
SELECT placed.street_name, placed.length_m, placed.width_m,
    ST_AsGeoJSON(ST_ForcePolygonCCW(ST_Transform(
        (strip_shape(placed.axis, placed.at_m - placed.half_m, placed.at_m + placed.half_m, placed.low_m, placed.high_m, 0)).body,
        4326)), 8, 0) AS area
FROM (
    SELECT segment.street_name, segment.axis, segment.length_m, found.high_m - found.low_m AS width_m,
        CAST(:at_m AS double precision) AS at_m, CAST(:length_m AS double precision) / 2 AS half_m, near.low_m, near.high_m
    FROM road_segment AS segment
    LEFT JOIN LATERAL (
        SELECT part.low_m, part.high_m
        FROM cross_section_strips(segment) AS part
        WHERE part.strip = CASE WHEN :strip = 'carriageway' THEN 'carriageway' ELSE 'footway' END
            AND part.side IN ('axis', :side)
        ORDER BY part.side = 'axis' LIMIT 1) AS found ON true
    -- From one edge of the strip inwards; left of the axis is positive.
    CROSS JOIN LATERAL (SELECT
        CASE WHEN (:side = 'left') = (:strip <> 'kerb') THEN found.high_m - :depth_m ELSE found.low_m END AS low_m,
        CASE WHEN (:side = 'left') = (:strip <> 'kerb') THEN found.high_m ELSE found.low_m + :depth_m END AS high_m) AS near
    WHERE segment.town = :town AND segment.segment_id = :segment_id AND segment.in_service) AS placed
