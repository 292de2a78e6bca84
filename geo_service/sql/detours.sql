-- Where drawn detours run: along which segments, and where along none.

-- match_detours
-- A drawn detour as a run of segments in driving order. It is looked at in steps: each step belongs to the nearest street
-- that is open to the detour's modes, lies within reach and leads about the same way. A street that may not be driven
-- in that direction counts as if it lay as far away as the reach. What leaves a street again before it is half of it or
-- longer than the noise only crosses it. No street over more than the noise is an unmatched part.
-- In: detours (json array: number, detour as hex EWKB in EPSG:25832, modes), reach_m, noise_m, turn_degrees, step_m,
-- max_steps (a longer detour takes longer steps).
-- Out: 1 row for each detour; segments (array of gid), unmatched (EWKB, NULL = none), unmatched_m.
WITH asked AS MATERIALIZED (
    SELECT each.number, each.modes, ST_GeomFromEWKB(decode(each.detour, 'hex')) AS detour
    FROM jsonb_to_recordset(CAST(:detours AS jsonb)) AS each (number integer, detour text, modes text[])
), line AS MATERIALIZED (
    SELECT
        asked.number, asked.modes, part.path, part.geom AS way, ST_StartPoint(part.geom) AS first_point,
        ST_EndPoint(part.geom) AS last_point, ST_Length(part.geom) AS length_m,
        greatest(ceil(ST_Length(part.geom) / greatest(:step_m, ST_Length(asked.detour) / :max_steps)), 1) AS steps
    FROM asked
    CROSS JOIN LATERAL ST_Dump(asked.detour) AS part
), half_step AS (
    -- Begin, middle and end of each step in one pass over the line, however many corners it has.
    SELECT
        line.number, line.modes, line.path, line.length_m / line.steps AS step_m, point.path[1] AS place, point.geom AS middle,
        coalesce(lag(point.geom) OVER way, line.first_point) AS begins,
        coalesce(lead(point.geom) OVER way, line.last_point) AS ends
    FROM line
    CROSS JOIN LATERAL ST_DumpPoints(ST_LineInterpolatePoints(line.way, 0.5 / line.steps, true)) AS point
    WINDOW way AS (PARTITION BY line.number, line.path ORDER BY point.path)
), step AS MATERIALIZED (
    SELECT
        half_step.number, half_step.modes, half_step.path, half_step.step_m, (half_step.place + 1) / 2 AS place,
        half_step.middle, degrees(ST_Azimuth(half_step.begins, half_step.ends)) AS heading
    FROM half_step
    WHERE half_step.place % 2 = 1
), matched AS MATERIALIZED (
    SELECT step.*, nearest.gid, nearest.length_m
    FROM step
    LEFT JOIN LATERAL (
        SELECT segment.gid, segment.length_m
        FROM road_segment AS segment
        CROSS JOIN LATERAL (SELECT
            ST_LineLocatePoint(segment.axis, step.middle) AS station,
            least(:step_m / 2 / segment.length_m, 0.5) AS around) AS beside
        CROSS JOIN LATERAL (SELECT abs(step.heading - degrees(ST_Azimuth(
            ST_LineInterpolatePoint(segment.axis, greatest(beside.station - beside.around, 0)),
            ST_LineInterpolatePoint(segment.axis, least(beside.station + beside.around, 1))))) AS turn) AS axis
        CROSS JOIN LATERAL (SELECT least(axis.turn, 360 - axis.turn) AS turn) AS between
        WHERE segment.axis && ST_Expand(step.middle, :reach_m) AND ST_DWithin(segment.axis, step.middle, :reach_m)
            AND segment.in_service AND segment.modes && step.modes
            AND least(between.turn, 180 - between.turn) <= :turn_degrees
        ORDER BY
            ST_Distance(segment.axis, step.middle)
            + CASE WHEN step.modes && ARRAY['car', 'bus'] AND (
                segment.one_way = 'forward' AND between.turn > 90 OR segment.one_way = 'backward' AND between.turn < 90)
                THEN :reach_m ELSE 0 END,
            segment.gid
        LIMIT 1
    ) AS nearest ON true
), stretch AS MATERIALIZED (
    SELECT
        island.number, island.path, island.gid, min(island.place) AS first_place, max(island.place) AS last_place,
        count(*) * min(island.step_m) AS driven_m, min(island.length_m) AS length_m
    FROM (
        SELECT
            matched.*,
            row_number() OVER (PARTITION BY matched.number, matched.path ORDER BY matched.place)
            - row_number() OVER (PARTITION BY matched.number, matched.path, matched.gid ORDER BY matched.place) AS run
        FROM matched
    ) AS island
    GROUP BY island.number, island.path, island.gid, island.run
), driven AS (
    SELECT DISTINCT ON (stretch.number, stretch.gid) stretch.*
    FROM stretch
    WHERE stretch.gid IS NOT NULL AND stretch.driven_m >= least(:noise_m, stretch.length_m / 2)
    ORDER BY stretch.number, stretch.gid, stretch.path, stretch.first_place
), lost AS (
    SELECT
        stretch.number, sum(stretch.driven_m) AS unmatched_m,
        ST_Collect(ST_LineSubstring(line.way, (stretch.first_place - 1) / line.steps, least(stretch.last_place / line.steps, 1))) AS unmatched
    FROM stretch
    INNER JOIN line ON stretch.number = line.number AND stretch.path = line.path
    WHERE stretch.gid IS NULL AND stretch.driven_m > :noise_m
    GROUP BY stretch.number
)
SELECT
    asked.number,
    ARRAY(
        SELECT driven.gid FROM driven
        WHERE driven.number = asked.number
        ORDER BY driven.path, driven.first_place) AS segments,
    ST_AsEWKB(lost.unmatched) AS unmatched,
    coalesce(lost.unmatched_m, 0) AS unmatched_m
FROM asked
LEFT JOIN lost ON asked.number = lost.number
ORDER BY asked.number
