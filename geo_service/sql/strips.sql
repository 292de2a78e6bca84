-- strip_branch
-- Mine in the strips of the streets it stands in: what stays free of each at the worst instant
-- (docs/decisions/0009-strips.md). What lies only in a junction, or in a street whose widths are not known, is not
-- known either. Of the two sides of a street the worse one speaks.
-- In: as for check_frame, requests (json array, columns of occupation).  Out: one row for each rule and segment that
-- may apply, together = the stored occupations counted in.
WITH stretch AS MATERIALIZED (
    SELECT
        segment, given_street.side AS mine_side, given_street.axis_m, given_street.to_m - given_street.from_m AS along_m,
        max(given_street.axis_m) OVER () AS longest_axis_m,
        greatest(given_street.from_m - CAST(:p_strip_reach_m AS double precision), stop.start_m) AS from_m,
        least(given_street.to_m + CAST(:p_strip_reach_m AS double precision), segment.length_m - stop.end_m) AS to_m,
        given_street.to_m > stop.start_m AND given_street.from_m < segment.length_m - stop.end_m AS beside
    FROM given_street
    INNER JOIN road_segment AS segment ON segment.gid = given_street.segment_gid
    CROSS JOIN LATERAL (
        SELECT junction_stop_m(segment, true) AS start_m, junction_stop_m(segment, false) AS end_m OFFSET 0
    ) AS stop
), section AS MATERIALIZED (
    SELECT
        stretch.*, (stretch.segment).gid, strip.strip AS kind, strip.side, strip.high_m - strip.low_m AS width_m,
        strip.width_source AS source, shape.strip, shape.body, shape.head, shape.tail,
        strip_part(shape.body, CASE WHEN coalesce(given.height_from_m, 0) < clear.height_m THEN given.area
            ELSE ST_GeomFromText('POLYGON EMPTY', 25832) END) AS mine_part,
        clear.height_m AS clear_height_m,
        given.restriction IN ('full_closure', 'full_closure_residents_free') AS closes
    FROM given
    CROSS JOIN stretch
    CROSS JOIN LATERAL cross_section_strips(stretch.segment) AS strip
    CROSS JOIN LATERAL (SELECT CASE WHEN strip.strip IN ('carriageway', 'corridor')
        THEN CAST(:p_clear_height_carriageway_m AS double precision)
        ELSE CAST(:p_clear_height_way_m AS double precision) END AS height_m) AS clear
    CROSS JOIN LATERAL strip_shape(
        (stretch.segment).axis, CASE WHEN stretch.beside THEN stretch.from_m END, stretch.to_m, strip.low_m, strip.high_m,
        CAST(:p_strip_prolongation_m AS double precision)) AS shape
    WHERE strip.strip = ANY(ARRAY[«kinds»])
), known AS MATERIALIZED (
    SELECT section.*, ST_Area(section.mine_part) > 0.0001 AS touched
    FROM section
    WHERE section.body IS NOT NULL
), stated AS MATERIALIZED (
    -- A stated width counts where the drawing touches strips of that kind; if it touches none, in all of them.
    SELECT known.*, CASE WHEN known.touched OR NOT bool_or(known.touched) OVER (PARTITION BY known.gid, known.kind) THEN CASE
        WHEN known.kind = 'carriageway' AND (
            (known.segment).segment_id = ANY(given.closed_segments)
            OR known.closes AND (known.axis_m > 0 OR known.longest_axis_m = 0)) THEN 0
        WHEN known.kind IN ('carriageway', 'corridor') THEN given.remaining_carriageway_m
        WHEN known.kind = 'footway' THEN given.remaining_footway_m
    END END AS mine_states_m
    FROM given
    CROSS JOIN known
), times AS MATERIALIZED (
    SELECT
        coalesce(given.recurrence, tstzmultirange(given.period)) AS mine_times,
        CASE WHEN given.end_known THEN coalesce(given.recurrence, tstzmultirange(given.period))
            ELSE tstzmultirange(tstzrange(lower(given.period), greatest(lower(given.period), CAST(:as_of AS timestamptz)), '[]'))
        END AS mine_known
    FROM given
), measured AS MATERIALIZED (
    SELECT
        stated.segment, stated.gid, stated.kind, stated.side, stated.width_m, stated.source, stated.mine_part, stated.along_m, stated.from_m, stated.to_m,
        widths.passed, widths.binding_passed, widths.measured_m, widths.worst_at, widths.complete,
        others.together, others.end_open,
        tstzrange(widths.worst_at, (
            SELECT min(upper(span)) FROM unnest(array_append(others.times, times.mine_times)) AS each (at_times), unnest(each.at_times) AS span
            WHERE span @> widths.worst_at)) AS during
    FROM given
    CROSS JOIN times
    CROSS JOIN stated
    CROSS JOIN LATERAL (
        SELECT
            coalesce(array_agg(there.part), '{}') AS parts, coalesce(array_agg(there.states_m), '{}') AS states_m,
            coalesce(array_agg(there.binding), '{}') AS binding, coalesce(array_agg(there.times), '{}') AS times,
            coalesce(array_agg(there.known), '{}') AS known, array_agg(there.occupation_id) FILTER (WHERE there.occupation_id IS NOT NULL) AS together,
            coalesce(bool_or(NOT there.end_known), false) AS end_open
        FROM (
            SELECT
                near.occupation_id, near.binding, near.end_known, part.part,
                times.mine_times * coalesce(near.recurrence, tstzmultirange(near.period)) AS times,
                times.mine_known * CASE WHEN near.end_known THEN coalesce(near.recurrence, tstzmultirange(near.period))
                    ELSE tstzmultirange(tstzrange(lower(near.period), greatest(lower(near.period), CAST(:as_of AS timestamptz)), '[]')) END AS known,
                CASE
                    WHEN stated.kind = 'carriageway' AND (
                        (stated.segment).segment_id = ANY(near.closed_segments)
                        OR near.restriction IN ('full_closure', 'full_closure_residents_free') AND EXISTS (
                            SELECT 1 FROM occupation_segment AS street
                            WHERE street.occupation_id = near.occupation_id AND street.segment_gid = stated.gid AND street.axis_m > 0)) THEN 0
                    WHEN stated.kind IN ('carriageway', 'corridor') THEN near.remaining_carriageway_m
                    WHEN stated.kind = 'footway' THEN near.remaining_footway_m
                END AS states_m
            FROM (
                (SELECT stored.*
                FROM occupation AS stored
                WHERE stored.counts AND stored.area && stated.body AND stored.period && given.period
                OFFSET 0)
                UNION ALL
                SELECT requested.*
                FROM jsonb_populate_recordset(CAST(NULL AS occupation), CAST(:requests AS jsonb)) AS requested
                WHERE requested.area && stated.body AND requested.period && given.period
            ) AS near
            CROSS JOIN LATERAL (SELECT strip_part(stated.body, near.area) AS part OFFSET 0) AS part
            WHERE near.case_group <> given.case_group AND near.source_id <> given.source_id
                AND coalesce(near.height_from_m, 0) < stated.clear_height_m AND ST_Area(part.part) > 0.0001
                AND times.mine_times && coalesce(near.recurrence, tstzmultirange(near.period))
        ) AS there
    ) AS others
    CROSS JOIN LATERAL strip_widths(
        stated.strip, stated.head, stated.tail, stated.mine_part, stated.mine_states_m, times.mine_times, times.mine_known,
        others.parts, others.states_m, others.binding, others.times, others.known,
        CASE stated.kind «limits» END,
        -- Less a micrometre: sums of centimetres are a trifle more than what is stated.
        CASE WHEN stated.kind = 'corridor' THEN 0 ELSE CAST(:p_strip_taken_m AS double precision) - 0.000001 END) AS widths
    -- What neither touches the strip nor states that less remains cannot narrow it.
    WHERE stated.touched OR stated.mine_states_m < stated.width_m
), unknown AS (
    -- Only in junctions: each kind of strip once, where most depends on it. Beside one: what the drawing may reach.
    (SELECT DISTINCT ON (section.kind) section.segment, section.gid, section.kind, section.side
    FROM section
    WHERE NOT EXISTS (SELECT 1 FROM stretch WHERE stretch.beside)
    ORDER BY section.kind, (section.segment).network_function && ARRAY['bus_route', 'school_route'] DESC, section.gid)
    UNION ALL
    SELECT section.segment, section.gid, section.kind, section.side
    FROM section
    WHERE section.beside AND section.body IS NULL AND (section.side = 'axis' OR section.mine_side IN (section.side, 'both', 'axis'))
        AND NOT EXISTS (
            SELECT 1 FROM given
            WHERE section.kind = 'footway' AND ST_Covers(
                ST_Buffer((section.segment).axis, (section.segment).carriageway_width_m / 2, 'endcap=flat join=mitre'), given.area))
), asked AS (
    SELECT measured.* FROM measured
    UNION ALL
    SELECT unknown.segment, unknown.gid, unknown.kind, unknown.side, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL
    FROM unknown
)
SELECT DISTINCT ON (rule.rule, strip.segment_id)
    rule.rule, rule.geometry, rule.worse, rule.applies, rule.block, rule.warn, rule.info, rule.chance, rule.measured, rule.limit_value,
    rule.missing, mine.occupation_id AS mine_id, mine.source_id AS mine_source, mine.town AS mine_town,
    CASE WHEN ST_IsEmpty(strip.mine_part) IS FALSE THEN strip.mine_part ELSE mine.area END AS mine_area,
    CAST(NULL AS bigint) AS other_id, CAST(NULL AS text) AS other_collection, CAST(NULL AS uuid) AS other_source,
    CAST(NULL AS text) AS reference, CAST(NULL AS text) AS other_town, CAST(NULL AS text) AS label,
    CAST(NULL AS text) AS use_type, CAST(NULL AS text) AS kind, CAST(NULL AS text) AS state,
    CAST(NULL AS boolean) AS published, CAST(NULL AS tstzrange) AS other_period, CAST(NULL AS geometry) AS other_area,
    strip.during, strip.segment_id, words.place_de, words.place_en, strip.together
FROM given AS mine
CROSS JOIN LATERAL (
    SELECT
        -- Walls and fixtures are not known: a short narrow place is none of 12 m, a longer one may be.
        CASE WHEN along.taken_along_m <= CAST(:p_rescue_bounded_length_m AS double precision) THEN false END AS bounded,
        along.taken_along_m, asked.kind, asked.width_m, asked.source, asked.passed, asked.binding_passed, asked.measured_m, asked.complete, asked.end_open,
        asked.during, asked.together, asked.mine_part, (asked.segment).segment_id, asked.segment, asked.side, asked.from_m, asked.to_m,
        (asked.segment).modes && ARRAY['car', 'bus'] AS motor, (asked.segment).one_way = 'no' AS two_way,
        'school_route' = ANY((asked.segment).network_function) AS school_route,
        'bus_route' = ANY((asked.segment).network_function)
            OR EXISTS (SELECT 1 FROM bus_route_segment AS route WHERE route.segment_gid = asked.gid) AS bus_route,
        last_day(mine.period) - first_day(mine.period) + 1 AS days
    FROM asked
    CROSS JOIN LATERAL (
        SELECT coalesce(max(station.at_m) - min(station.at_m), asked.along_m) AS taken_along_m
        FROM ST_DumpPoints(asked.mine_part) AS corner
        CROSS JOIN LATERAL (SELECT ST_LineLocatePoint((asked.segment).axis, corner.geom) * (asked.segment).length_m AS at_m) AS station
    ) AS along
    OFFSET 0
) AS strip
CROSS JOIN LATERAL (
    SELECT rule.*, level.sure, level.could
    FROM («rules») AS rule (rule, geometry, worse, applies, block, warn, info, chance, measured, limit_value, missing)
    CROSS JOIN LATERAL («level») AS level
    WHERE rule.applies IS DISTINCT FROM false AND level.could < 5
    OFFSET 0
) AS rule
-- Named only where a rule has something to say; OFFSET 0: once for each.
CROSS JOIN LATERAL (
    SELECT
        concat(label_de('strip', strip.kind), CASE WHEN strip.side <> 'axis' THEN label_de('strip_side', compass.side) END, ', ', coalesce(street.name, label_de('hindrance', 'unnamed')),
            CASE WHEN strip.source = 'assumed' THEN ' (Breite angenommen, nicht gemessen)' END) AS place_de,
        concat(label_en('strip', strip.kind), CASE WHEN strip.side <> 'axis' THEN label_en('strip_side', compass.side) END, ', ', coalesce(street.name, label_en('hindrance', 'unnamed')),
            CASE WHEN strip.source = 'assumed' THEN ' (width assumed, not measured)' END) AS place_en
    FROM (SELECT
        coalesce((strip.segment).street_name, (strip.segment).road_number) AS name
        WHERE rule.rule IS NOT NULL) AS street
    -- Left and right depend on how the axis was drawn; people read the quarter of the sky.
    CROSS JOIN LATERAL (SELECT (ARRAY['north', 'east', 'south', 'west'])[1 + CAST(round(degrees(ST_Azimuth(
            ST_LineInterpolatePoint((strip.segment).axis, greatest(least(strip.from_m / (strip.segment).length_m, 1), 0)),
            ST_LineInterpolatePoint((strip.segment).axis, greatest(least(strip.to_m / (strip.segment).length_m, 1), 0))))
            / 90 + CASE strip.side WHEN 'left' THEN 3 ELSE 1 END) AS integer) % 4] AS side) AS compass
    OFFSET 0
) AS words
ORDER BY rule.rule, strip.segment_id, rule.could, rule.sure, rule.measured, words.place_de

-- strip_around
-- The stored occupations whose free widths mine may change: they stand in the same segment, near enough along its
-- axis to lie in each other's stretch, at a common time.
-- In: as for check_frame.  Out: one row for each.
WITH given AS MATERIALIZED (
    SELECT request.*
    FROM jsonb_populate_record(CAST(NULL AS occupation), CAST(:given AS jsonb)) AS request
), given_street AS MATERIALIZED (
    SELECT street.gid AS segment_gid, street.from_m, street.to_m
    FROM jsonb_to_recordset(CAST(:streets AS jsonb)) AS street (gid bigint, from_m double precision, to_m double precision)
)
SELECT DISTINCT near.occupation_id
FROM given
CROSS JOIN given_street
-- LATERAL with OFFSET 0: by the segment's index, however few stand anywhere when the plan is made.
CROSS JOIN LATERAL (
    SELECT lies.occupation_id
    FROM occupation_segment AS lies
    WHERE lies.segment_gid = given_street.segment_gid
        AND lies.from_m <= given_street.to_m + CAST(:p_strip_reach_m AS double precision)
        AND lies.to_m >= given_street.from_m - CAST(:p_strip_reach_m AS double precision)
    OFFSET 0
) AS beside
INNER JOIN occupation AS near ON near.occupation_id = beside.occupation_id
WHERE near.counts AND near.period && given.period AND near.case_group <> given.case_group AND near.source_id <> given.source_id
