-- check_frame
-- One check: every rule once for every candidate, the worst findings first. The parts in «» are filled at
-- start-up from the rule files and the statements below (conflicts/statement.py).
-- In: given (json object, columns of occupation), streets (json array, Street.row()), as_of, probe periods and reaches, parameters of the rules,
-- what the parts need, max_findings.  Out: at most max_findings rows, each with the total number of findings.
WITH given AS MATERIALIZED (
    SELECT request.*
    FROM jsonb_populate_record(CAST(NULL AS occupation), CAST(:given AS jsonb)) AS request
), given_street AS MATERIALIZED (
    -- In which segments the given one stands; what is stored stands in occupation_segment, with the same columns.
    SELECT street.gid AS segment_gid, street.from_m, street.to_m, street.axis_m, street.side, street.takes
    FROM jsonb_to_recordset(CAST(:streets AS jsonb)) AS street (
        gid bigint, from_m double precision, to_m double precision, axis_m double precision, side text, takes text[])
), candidate AS (
    «candidates»
), ruled AS (
    «branches»
), judged AS (
    SELECT ruled.*, level.sure, level.could
    FROM ruled
    CROSS JOIN LATERAL («level») AS level
    WHERE level.could < 5
), worst AS (
    SELECT judged.*, count(*) OVER () AS findings_total, row_number() OVER (ORDER BY
        could, sure, rule, CASE WHEN worse = 'smaller' THEN measured ELSE -measured END, other_source, segment_id) AS place
    FROM judged
    ORDER BY place
    LIMIT :max_findings
)
SELECT
    rule, sure, could, measured, limit_value, missing, findings_total, mine_id, mine_source, mine_town,
    other_id, other_collection, other_source, reference, other_town, label, use_type, kind, state, published,
    lower(other_period) AS other_start, upper(other_period) AS other_end, lower(during) AS during_start,
    upper(during) AS during_end, segment_id, place_de, place_en, together, ST_AsEWKB(link.geometry) AS geometry,
    ST_AsGeoJSON(ST_Transform(link.geometry, 4326), 7, 0) AS geojson
FROM worst
CROSS JOIN LATERAL («link» OFFSET 0) AS link
ORDER BY worst.place

-- level
-- How severe a rule is for certain, the place of the first severity that is true, and how severe it could be, the place
-- of the first that is not false: never a later one, and an earlier one only where that is not known.
-- In: a row of a branch, applies true or NULL.  Out: 1 row; sure and could, 1 block … 4 chance, 5 nothing.
SELECT
    CASE WHEN applies IS NOT TRUE THEN 5 WHEN block THEN 1 WHEN warn THEN 2 WHEN info THEN 3 WHEN chance THEN 4 ELSE 5 END AS sure,
    CASE WHEN block IS NOT FALSE THEN 1 WHEN warn IS NOT FALSE THEN 2 WHEN info IS NOT FALSE THEN 3 WHEN chance IS NOT FALSE THEN 4 ELSE 5 END AS could

-- link
-- What a finding shows on the map: the shared area, the shortest link, or the area of mine.
-- In: geometry, mine_area, other_area of a row of a branch.  Out: 1 row.
SELECT CASE geometry
    WHEN 'shared_area' THEN ST_Intersection(mine_area, other_area)
    WHEN 'shortest_link' THEN CASE
        WHEN ST_Intersects(mine_area, other_area) THEN ST_PointOnSurface(ST_Intersection(mine_area, other_area))
        ELSE ST_ShortestLine(mine_area, other_area) END
    WHEN 'object' THEN other_area
    ELSE mine_area END AS geometry

-- area_area_probe
-- Candidates whose area comes near the given area, by the spatial index.
-- In: reach_area_area (metres), period_area_area.  Out: occupations that count.
SELECT near.*
FROM given
-- LATERAL with OFFSET 0: the planner cannot turn the join round and lose the spatial part of the index.
CROSS JOIN LATERAL (
    SELECT occupation.*
    FROM occupation
    WHERE occupation.counts AND occupation.area && ST_Expand(given.area, :reach_area_area) AND occupation.period && CAST(:period_area_area AS tstzrange)
    OFFSET 0
) AS near

-- detour_area_probe
-- Candidates whose area comes near the given detour, and those that declare one of its segments closed. A detour is long:
-- its box would hold half the town, so it is asked piece by piece.
-- In: reach_detour_area (metres), period_detour_area.  Out: occupations that count; one may come several times.
SELECT near.*
FROM given
CROSS JOIN LATERAL ST_Subdivide(ST_Segmentize(given.detour, 50), 8) AS piece (way)
-- LATERAL with OFFSET 0: the planner cannot turn the join round and lose the spatial part of the index.
CROSS JOIN LATERAL (
    SELECT occupation.*
    FROM occupation
    WHERE occupation.counts AND occupation.area && ST_Expand(piece.way, :reach_detour_area) AND occupation.period && CAST(:period_detour_area AS tstzrange)
    OFFSET 0
) AS near
UNION ALL
SELECT known.*
FROM (
    SELECT occupation.*
    FROM occupation
    WHERE occupation.occupation_id = ANY(ARRAY(
        SELECT listing.occupation_id
        FROM given
        CROSS JOIN LATERAL (
            SELECT array_agg(segment.segment_id) AS segments
            FROM road_segment AS segment
            WHERE segment.gid = ANY(given.detour_segments)
            OFFSET 0
        ) AS way
        CROSS JOIN LATERAL (
            SELECT occupation.occupation_id
            FROM occupation
            WHERE occupation.counts AND occupation.closed_segments <> '{}' AND occupation.closed_segments && way.segments
            OFFSET 0
        ) AS listing
        WHERE given.detour_segments IS NOT NULL))
    OFFSET 0  -- by the key and nothing else: the planner would rather read everything of that period
) AS known
WHERE known.period && CAST(:period_detour_area AS tstzrange)

-- area_detour_probe
-- Candidates whose detour comes near the given area, or leads over a segment that the given one declares closed.
-- In: reach_area_detour (metres), period_area_detour.  Out: occupations that count; one may come several times.
SELECT near.*
FROM given
-- LATERAL with OFFSET 0: the planner cannot turn the join round and lose the spatial part of the index.
CROSS JOIN LATERAL (
    SELECT occupation.*
    FROM occupation
    WHERE occupation.counts AND occupation.detour && ST_Expand(given.area, :reach_area_detour)
        AND occupation.period && CAST(:period_area_detour AS tstzrange)
    OFFSET 0
) AS near
UNION ALL
SELECT known.*
FROM (
    SELECT occupation.*
    FROM occupation
    WHERE occupation.occupation_id = ANY(ARRAY(
        SELECT led.occupation_id
        FROM given
        CROSS JOIN LATERAL (
            SELECT array_agg(segment.gid) AS segments
            FROM road_segment AS segment
            WHERE segment.segment_id = ANY(given.closed_segments)
            OFFSET 0
        ) AS closed
        CROSS JOIN LATERAL (
            SELECT occupation.occupation_id
            FROM occupation
            WHERE occupation.counts AND occupation.detour_segments && closed.segments
            OFFSET 0
        ) AS led
        WHERE given.closed_segments <> '{}'))
    OFFSET 0  -- by the key and nothing else: the planner would rather read everything of that period
) AS known
WHERE known.period && CAST(:period_area_detour AS tstzrange)

-- detour_detour_probe
-- Candidates whose detour comes near the given detour, or uses one of its segments.
-- In: reach_detour_detour (metres), period_detour_detour.  Out: occupations that count; one may come several times.
SELECT near.*
FROM given
-- LATERAL with OFFSET 0: the planner cannot turn the join round and lose the spatial part of the index.
CROSS JOIN LATERAL (
    SELECT occupation.*
    FROM occupation
    WHERE occupation.counts AND occupation.detour && ST_Expand(given.detour, :reach_detour_detour)
        AND occupation.period && CAST(:period_detour_detour AS tstzrange)
    OFFSET 0
) AS near
UNION ALL
SELECT known.*
FROM (
    SELECT occupation.*
    FROM occupation
    WHERE occupation.occupation_id = ANY(ARRAY(
        SELECT led.occupation_id
        FROM given
        CROSS JOIN LATERAL (
            SELECT occupation.occupation_id
            FROM occupation
            WHERE occupation.counts AND occupation.detour_segments && given.detour_segments
            OFFSET 0
        ) AS led
        WHERE given.detour_segments IS NOT NULL))
    OFFSET 0  -- by the key and nothing else: the planner would rather read everything of that period
) AS known
WHERE known.period && CAST(:period_detour_detour AS tstzrange)

-- street_street_probe
-- Candidates that stand in a segment in which the given one stands.
-- In: period_street_street.  Out: occupations that count.
SELECT known.*
FROM (
    SELECT occupation.*
    FROM occupation
    WHERE occupation.occupation_id = ANY(ARRAY(
        SELECT lies.occupation_id
        FROM occupation_segment AS lies
        WHERE lies.segment_gid = ANY(ARRAY(SELECT street.segment_gid FROM given_street AS street))))
    OFFSET 0  -- by the key and nothing else: the planner would rather read everything of that period
) AS known
WHERE known.counts AND known.period && CAST(:period_street_street AS tstzrange)

-- dig_dig_probe
-- Candidates that dig near the given dig, or in a segment in which it stands.
-- In: reach_dig_dig (metres), period_dig_dig.  Out: occupations that count; one may come twice.
SELECT near.*
FROM given
-- LATERAL with OFFSET 0: the planner cannot turn the join round and lose the spatial part of the index.
CROSS JOIN LATERAL (
    SELECT occupation.*
    FROM occupation
    WHERE occupation.counts AND occupation.excavation AND occupation.area && ST_Expand(given.area, :reach_dig_dig)
        AND occupation.period && CAST(:period_dig_dig AS tstzrange)
    OFFSET 0
) AS near
WHERE given.excavation
UNION ALL
SELECT known.*
FROM (
    SELECT occupation.*
    FROM occupation
    WHERE occupation.occupation_id = ANY(ARRAY(
        SELECT lies.occupation_id
        FROM occupation_segment AS lies
        WHERE lies.segment_gid = ANY(ARRAY(
            SELECT street.segment_gid
            FROM given
            CROSS JOIN given_street AS street
            WHERE given.excavation))))
    OFFSET 0  -- by the key and nothing else: the planner would rather read everything of that period
) AS known
WHERE known.counts AND known.excavation AND known.period && CAST(:period_dig_dig AS tstzrange)

-- stored_candidates
-- What the probes found, without the own case and what belongs to it.
-- In: nothing more.  Out: occupations.
SELECT near.*
FROM given
INNER JOIN («probes») AS near ON near.case_group <> given.case_group AND near.source_id <> given.source_id

-- each_once
-- A candidate that several probes found is kept once.
-- In: nothing more.  Out: occupations.
SELECT DISTINCT ON (found.occupation_id) found.*
FROM («found») AS found

-- no_candidates
-- Where no rule compares two occupations there is nobody to compare with.
-- In: nothing more.  Out: no row.
SELECT near.*
FROM given AS near
WHERE false

-- requested_candidates
-- The other requests of the same check; they are few, so no index is needed.
-- In: requests (json array, columns of occupation).  Out: occupations.
SELECT near.*
FROM given
INNER JOIN jsonb_populate_recordset(CAST(NULL AS occupation), CAST(:requests AS jsonb)) AS near
    ON near.case_group <> given.case_group AND near.source_id <> given.source_id

-- candidates_of_town
-- The candidates of one town: their own findings follow the values in force there.
-- In: candidate_town (NULL = outside every town).  Out: occupations.
SELECT near.*
FROM («candidates») AS near
WHERE near.town IS NOT DISTINCT FROM CAST(:candidate_town AS text)

-- known_occupations
-- A few occupations that are named, for the probes to look at instead of all: a search that knows who stood in the
-- way before asks them first.
-- In: known_others (array of occupation ids).  Out: occupations.
SELECT known.*
FROM occupation AS known
WHERE known.occupation_id = ANY(CAST(:known_others AS bigint[]))
OFFSET 0

-- look_around
-- Who and what lies near enough for a rule to speak of it, by the probes and object rows of the check itself, before the
-- rules are asked: getting a statement with every rule ready takes longer than finding that hardly one is needed.
-- In: given, streets, probe periods and reaches as for check_frame.  Out: 1 row; for each shape pair the ids of who was found through it, for each kind of fixed
-- object whether there is one, and whether an own rule may speak.
WITH given AS MATERIALIZED (
    SELECT request.*
    FROM jsonb_to_record(CAST(:given AS jsonb)) AS request (
        area geometry, detour geometry, detour_segments bigint[], closed_segments text[], excavation boolean,
        period tstzrange, case_group uuid, source_id uuid)
), given_street AS MATERIALIZED (
    SELECT street.gid AS segment_gid, street.axis_m
    FROM jsonb_to_recordset(«streets») AS street (gid bigint, axis_m double precision)
)
SELECT
    «looks»

-- locate_and_look
-- Both for an occupation whose place is not known yet, in one round trip.
-- In: as for `locate_area` and `look_around`, but for the streets.  Out: 1 row with the columns of both.
SELECT located.*, around.*
FROM («locate_area») AS located
CROSS JOIN LATERAL («look_around») AS around

-- look_for_others
-- Whom one shape pair finds.
-- In: a probe.  Out: an array of occupation ids; one may come several times.
ARRAY(SELECT near.occupation_id FROM («candidates») AS near)

-- look_for_objects
-- Whether there is a fixed object of a kind in reach.
-- In: the rows of the kind.  Out: true or false.
EXISTS (SELECT FROM given AS mine CROSS JOIN LATERAL («object_rows» OFFSET 0) AS «objects»)

-- look_at_own
-- Whether an own rule may speak of it: whether one applies, or it is not known whether it does.
-- In: given, parameters of the rules, use_lead_time_days.  Out: true or false.
EXISTS (
    SELECT
    -- With all its columns, of which `given` there has few: every reader of it would have to get all of them ready.
    FROM jsonb_populate_record(CAST(NULL AS occupation), CAST(:given AS jsonb)) AS mine
    CROSS JOIN LATERAL («own_facts» OFFSET 0) AS facts
    WHERE «one_applies»)

-- near_candidates
-- Whom `look_around` has found.
-- In: near_others (array of occupation ids).  Out: occupations that count.
SELECT near.*
FROM (
    SELECT occupation.*
    FROM occupation
    WHERE occupation.occupation_id = ANY(CAST(:near_others AS bigint[]))
    OFFSET 0  -- by the key and nothing else: the planner would rather read everything that counts
) AS near
WHERE near.counts

-- candidate_towns
-- The towns of all candidates of one occupation.
-- In: as for check_frame, streets included.  Out: one row for each town, NULL for what lies outside.
WITH given AS MATERIALIZED (
    SELECT request.*
    FROM jsonb_populate_record(CAST(NULL AS occupation), CAST(:given AS jsonb)) AS request
), given_street AS MATERIALIZED (
    SELECT street.gid AS segment_gid
    FROM jsonb_to_recordset(CAST(:streets AS jsonb)) AS street (gid bigint)
)
SELECT DISTINCT near.town
FROM («candidates») AS near

-- pair_branch
-- Mine against every other. Space is measured after time, and only where both have the shapes.
-- In: as_of.  Out: one row for each rule and candidate that may apply.
SELECT
    rule.*, mine.occupation_id AS mine_id, mine.source_id AS mine_source, mine.town AS mine_town,
    coalesce(«course», mine.area) AS mine_area,
    other.occupation_id AS other_id, other.collection AS other_collection, other.source_id AS other_source,
    other.reference, other.town AS other_town, other.label, other.use_type, other.kind, other.state, other.published,
    other.period AS other_period, other.area AS other_area, facts.during,
    CAST(NULL AS text) AS segment_id, «course_de» AS place_de, «course_en» AS place_en,
    CAST(NULL AS bigint[]) AS together
FROM «mine» AS mine
CROSS JOIN «other» AS other
CROSS JOIN LATERAL («pair_facts» OFFSET 0) AS facts
CROSS JOIN LATERAL («street_facts» OFFSET 0) AS streets
CROSS JOIN LATERAL («rules») AS rule (rule, geometry, worse, applies, block, warn, info, chance, measured, limit_value, missing)
WHERE rule.applies IS DISTINCT FROM false

-- pair_facts
-- What the pair rules may ask about mine and other. An end that is not known leaves `same_time` open, unless they
-- meet already in what is known: from the start to as_of, because what counts still stands there.
-- In: as_of.  Out: 1 row; gap_days = civil days between the two, 0 when they touch or overlap.
SELECT
    times.same_time, times.gap_days, times.heights_overlap, times.during,
    CASE WHEN spaces.touches THEN ST_Area(ST_Intersection(mine.area, other.area)) WHEN NOT spaces.touches THEN 0 END AS shared_m2,
    CASE WHEN spaces.touches THEN 0 WHEN NOT spaces.touches THEN ST_Distance(mine.area, other.area) END AS distance_m
FROM (
    SELECT
        CASE
            WHEN NOT span.mine_times && span.other_times THEN false
            WHEN span.mine_known && span.other_known THEN true
        END AS same_time,
        CASE
            WHEN span.mine_known && span.other_known THEN 0
            WHEN span.mine_whole << span.other_whole THEN greatest(first_day(span.other_whole) - last_day(span.mine_whole) - 1, 0)
            WHEN span.mine_whole >> span.other_whole THEN greatest(first_day(span.mine_whole) - last_day(span.other_whole) - 1, 0)
        END AS gap_days,
        coalesce(mine.height_from_m, 0) < coalesce(other.height_to_m, 'Infinity')
            AND coalesce(other.height_from_m, 0) < coalesce(mine.height_to_m, 'Infinity') AS heights_overlap,
        range_merge(span.mine_times * span.other_times) AS during
    FROM (SELECT
        coalesce(mine.recurrence, tstzmultirange(mine.period)) AS mine_times,
        coalesce(other.recurrence, tstzmultirange(other.period)) AS other_times,
        mine.period AS mine_whole, other.period AS other_whole,
        CASE WHEN mine.end_known THEN mine.period
            ELSE tstzrange(lower(mine.period), greatest(lower(mine.period), CAST(:as_of AS timestamptz)), '[]') END AS mine_known,
        CASE WHEN other.end_known THEN other.period
            ELSE tstzrange(lower(other.period), greatest(lower(other.period), CAST(:as_of AS timestamptz)), '[]') END AS other_known
    ) AS span
) AS times
CROSS JOIN (SELECT ST_Intersects(mine.area, other.area) AS touches OFFSET 0) AS spaces

-- own_branch
-- Mine alone.
-- In: use_lead_time_days.  Out: one row for each rule that may apply.
SELECT
    rule.*, mine.occupation_id AS mine_id, mine.source_id AS mine_source, mine.town AS mine_town, mine.area AS mine_area,
    CAST(NULL AS bigint) AS other_id, CAST(NULL AS text) AS other_collection, CAST(NULL AS uuid) AS other_source,
    CAST(NULL AS text) AS reference, CAST(NULL AS text) AS other_town, CAST(NULL AS text) AS label,
    CAST(NULL AS text) AS use_type, CAST(NULL AS text) AS kind, CAST(NULL AS text) AS state,
    CAST(NULL AS boolean) AS published, CAST(NULL AS tstzrange) AS other_period, CAST(NULL AS geometry) AS other_area,
    CAST(NULL AS tstzrange) AS during, CAST(NULL AS text) AS segment_id, CAST(NULL AS text) AS place_de,
    CAST(NULL AS text) AS place_en, CAST(NULL AS bigint[]) AS together
FROM given AS mine
CROSS JOIN LATERAL («own_facts» OFFSET 0) AS facts
CROSS JOIN LATERAL («rules») AS rule (rule, geometry, worse, applies, block, warn, info, chance, measured, limit_value, missing)
WHERE rule.applies IS DISTINCT FROM false

-- own_facts
-- What the own rules may ask: civil days from the filing to the first day; whether a traffic order covers it all.
-- In: use_lead_time_days (0 = the general lead time).  Out: 1 row.
SELECT
    first_day(mine.period) - CAST(mine.filed_at AT TIME ZONE 'Europe/Berlin' AS date) AS lead_days,
    CAST(:use_lead_time_days AS double precision) AS use_lead_time_days,
    coalesce(
        mine.traffic_order_period @> mine.period
        AND (mine.traffic_order_area IS NULL OR ST_Covers(mine.traffic_order_area, mine.area)), false) AS order_covers

-- configuration_version
-- Changes whenever a town, a tariff or a parameter changes.
-- In: nothing.  Out: 1 row.
SELECT last_value
FROM configuration_version

-- town_parameters
-- The towns' own values of parameters.
-- In: nothing.  Out: one row for each value.
SELECT town, parameter, first_day, value, legal_source
FROM town_parameter
ORDER BY town, parameter, first_day

-- take_binding_lock
-- One transaction-level lock for everything that becomes binding. Whoever holds it asks the long statements of a check,
-- whose plans do not depend on the values: planning them anew took longer than the rest of a grant.
-- In: nothing.  Out: 1 row.
SELECT pg_advisory_xact_lock(hashtext('geo_service.binding')), set_config('plan_cache_mode', 'force_generic_plan', true)

-- take_binding_lock_near
-- The same beside others, but not beside those whose vicinity shares a cell with that of an area, nor beside the one
-- lock above. Each side is enlarged by half the reach: of two who can meet, what lies halfway is in a cell of both. The
-- cells are locked in the order of their keys, so that two can never wait for each other.
-- In: area (EWKB), half_reach_m, cell_m.  Out: 1 row.
WITH door AS MATERIALIZED (
    SELECT pg_advisory_xact_lock_shared(hashtext('geo_service.binding')) AS is_open
), reached AS MATERIALIZED (
    SELECT ST_Expand(CAST(:area AS geometry), CAST(:half_reach_m AS double precision)) AS box
), cell AS MATERIALIZED (
    SELECT DISTINCT hashint8(x * 100000 + y) AS place
    FROM reached
    CROSS JOIN LATERAL generate_series(
        CAST(floor(ST_XMin(box) / :cell_m) AS bigint), CAST(floor(ST_XMax(box) / :cell_m) AS bigint)) AS x
    CROSS JOIN LATERAL generate_series(
        CAST(floor(ST_YMin(box) / :cell_m) AS bigint), CAST(floor(ST_YMax(box) / :cell_m) AS bigint)) AS y
    ORDER BY place
)
SELECT count(pg_advisory_xact_lock(hashtext('geo_service.binding'), cell.place)),
    set_config('plan_cache_mode', 'force_generic_plan', true)
FROM door
CROSS JOIN cell

-- stands_in_street
-- Whether an occupation is known to stand in any street.
-- In: occupation_id.  Out: 1 row.
SELECT EXISTS (SELECT 1 FROM occupation_segment WHERE occupation_id = :occupation_id)

-- write_findings
-- Findings as they are now. A settled one keeps its status unless it got worse: a higher severity, or the measure
-- moved to the worse side by more than the noise of drawing from the best it had since it was settled, so that many
-- small steps are one large one. An override holds for the pair: what the other direction
-- has not yet, or finds as bad as the pair was when it was overridden, is overridden too.
-- In: rows (json array, columns of finding), noise_m2, noise_m.  Out: nothing.
INSERT INTO finding AS kept (
    finding_id, mine_occupation, other_occupation, mine_source, other_source, mine_town, other_town, segment_id, rule,
    number, rule_version, severity, could_be, measured, limit_value, unit, needed_for_grant, missing, geometry, during,
    together, document, status, settled_by, settled_at, settled_severity, note)
SELECT
    found.finding_id, found.mine_occupation, found.other_occupation, found.mine_source, found.other_source,
    found.mine_town, found.other_town, found.segment_id, found.rule, found.number, found.rule_version, found.severity,
    found.could_be, found.measured, found.limit_value, found.unit, found.needed_for_grant, found.missing,
    found.geometry, found.during, found.together, found.document, coalesce(mirror.status, 'open'), mirror.settled_by,
    mirror.settled_at, mirror.settled_severity, mirror.note
FROM jsonb_populate_recordset(CAST(NULL AS finding), CAST(:rows AS jsonb)) AS found
LEFT JOIN finding AS mirror
    ON
        mirror.rule = found.rule AND mirror.mine_source = found.other_source AND mirror.other_source = found.mine_source
        AND mirror.mine_occupation = found.other_occupation AND mirror.other_occupation = found.mine_occupation
        AND mirror.segment_id IS NOT DISTINCT FROM found.segment_id
        AND mirror.status = 'overridden'
        AND array_position(ARRAY['chance', 'info', 'warn', 'block'], coalesce(found.could_be, found.severity))
        <= array_position(ARRAY['chance', 'info', 'warn', 'block'], mirror.settled_severity)
        AND coalesce(
            CASE WHEN found.document ->> 'worse' = 'smaller'
                THEN mirror.settled_measured - found.measured ELSE found.measured - mirror.settled_measured END
            <= CASE found.unit WHEN 'm2' THEN CAST(:noise_m2 AS double precision) WHEN 'm' THEN CAST(:noise_m AS double precision) ELSE 0 END,
            true)
ON CONFLICT (finding_id) DO UPDATE SET
    mine_occupation = excluded.mine_occupation, other_occupation = excluded.other_occupation,
    mine_town = excluded.mine_town, other_town = excluded.other_town, rule_version = excluded.rule_version,
    severity = excluded.severity, could_be = excluded.could_be, measured = excluded.measured,
    limit_value = excluded.limit_value, unit = excluded.unit, needed_for_grant = excluded.needed_for_grant,
    missing = excluded.missing, geometry = excluded.geometry, during = excluded.during, together = excluded.together,
    document = excluded.document, updated_at = now(),
    status = CASE WHEN
        array_position(ARRAY['chance', 'info', 'warn', 'block'], coalesce(excluded.could_be, excluded.severity))
            > greatest(
                array_position(ARRAY['chance', 'info', 'warn', 'block'], coalesce(kept.could_be, kept.severity)),
                CASE WHEN kept.status = 'overridden'
                    THEN array_position(ARRAY['chance', 'info', 'warn', 'block'], kept.settled_severity) END)
        OR excluded.severity = 'block' AND kept.status <> 'overridden'
        OR CASE WHEN excluded.document ->> 'worse' = 'smaller'
            THEN coalesce(kept.settled_measured, kept.measured) - excluded.measured
            ELSE excluded.measured - coalesce(kept.settled_measured, kept.measured) END
            > CASE excluded.unit WHEN 'm2' THEN CAST(:noise_m2 AS double precision) WHEN 'm' THEN CAST(:noise_m AS double precision) ELSE 0 END
        THEN 'open' ELSE kept.status END

-- remove_findings
-- Removes the findings of an occupation that are no longer found, and what others had found against it and find no longer.
-- NOT IN is hashed, whatever the planner believes about the length of the array: ten thousand may stand on one spot.
-- In: occupation_id, mine and others (arrays of keys that stay).  Out: nothing.
WITH of_mine AS (
    DELETE FROM finding
    WHERE mine_occupation = :occupation_id
        AND finding_id NOT IN (SELECT unnest(CAST(:mine AS text[])))
)
DELETE FROM finding
WHERE other_occupation = :occupation_id
    AND finding_id NOT IN (SELECT unnest(CAST(:others AS text[])))

-- occupations_counted_in
-- Whose findings counted one of these occupations in when they were found.
-- In: occupations (array of ids).  Out: one row for each.
SELECT DISTINCT finding.mine_occupation AS occupation_id
FROM finding_together AS kept
INNER JOIN finding ON finding.finding_id = kept.finding_id
WHERE kept.occupation_id = ANY(CAST(:occupations AS bigint[])) AND finding.mine_occupation <> kept.occupation_id

-- remove_measured_findings
-- Removes what the measuring rules had found for occupations and find no longer.
-- In: occupations (array of ids), rules (array of names), found (array of keys).  Out: nothing.
DELETE FROM finding
WHERE mine_occupation = ANY(CAST(:occupations AS bigint[])) AND rule = ANY(CAST(:rules AS text[]))
    AND finding_id NOT IN (SELECT unnest(CAST(:found AS text[])))

-- list_findings
-- The findings of one occupation, each unordered pair once for a rule with the higher severity, the worst first.
-- In: occupation_id, both (false = only those it has itself).  Out: one row for each finding.
SELECT DISTINCT ON (found.weight, found.rule, found.pair_key) found.*
FROM (
    SELECT
        finding.finding_id, finding.mine_occupation, finding.mine_source, finding.mine_town, finding.segment_id,
        finding.rule, finding.number, finding.rule_version, finding.severity, finding.could_be, finding.measured,
        finding.limit_value, finding.unit, finding.needed_for_grant, finding.missing, finding.together, finding.document, finding.status,
        finding.note, finding.version, finding.other_source AS object_id, finding.other_town AS object_town,
        ST_AsEWKB(finding.geometry) AS geometry,
        ST_AsGeoJSON(ST_Transform(finding.geometry, 4326), 7, 0) AS geojson, lower(finding.during) AS during_start,
        upper(finding.during) AS during_end, partner.occupation_id AS other_id, partner.collection AS other_collection,
        partner.source_id AS other_source, partner.reference, partner.town AS other_town, partner.label,
        partner.use_type, partner.kind, partner.state, partner.published, lower(partner.period) AS other_start,
        upper(partner.period) AS other_end, rank.weight,
        concat_ws('|', coalesce(CAST(beside.source_id AS text), '-'), coalesce(finding.segment_id, '-')) AS pair_key,
        min(rank.weight) OVER (PARTITION BY finding.rule, beside.source_id, finding.segment_id) AS best
    FROM finding
    LEFT JOIN occupation AS partner ON partner.occupation_id = CASE
        WHEN finding.mine_occupation = :occupation_id THEN finding.other_occupation ELSE finding.mine_occupation END
    -- A fixed object has a key, too: two areas of the fire brigade are two findings.
    CROSS JOIN LATERAL (SELECT coalesce(partner.source_id, finding.other_source) AS source_id) AS beside
    CROSS JOIN LATERAL (SELECT
        2 * array_position(ARRAY['block', 'warn', 'info', 'chance'], coalesce(finding.could_be, finding.severity))
        + CASE WHEN finding.severity = 'undetermined' THEN 1 ELSE 0 END AS weight) AS rank
    WHERE finding.mine_occupation = :occupation_id OR (:both AND finding.other_occupation = :occupation_id)
) AS found
WHERE found.weight = found.best
ORDER BY found.weight, found.rule, found.pair_key, (found.mine_occupation <> :occupation_id), found.finding_id

-- settle_finding
-- A person settles a finding; the reason is kept. It holds for the pair: the other direction of the same rule is
-- settled with it, except that a block is settled by an override only, and that another town accepts for itself.
-- In: finding_id, status, settled_by, note, at.  Out: the row itself and the other direction; 0 rows if the caller
-- may not see it.
WITH pair AS (
    SELECT
        one.finding_id, mirror.finding_id AS mirror_id, one.mine_town,
        (ARRAY['chance', 'info', 'warn', 'block'])[greatest(
            array_position(ARRAY['chance', 'info', 'warn', 'block'], coalesce(one.could_be, one.severity)),
            array_position(ARRAY['chance', 'info', 'warn', 'block'], coalesce(mirror.could_be, mirror.severity)))] AS worst
    FROM finding AS one
    LEFT JOIN finding AS mirror
        ON
            mirror.rule = one.rule AND mirror.mine_source = one.other_source AND mirror.other_source = one.mine_source
            AND mirror.mine_occupation = one.other_occupation AND mirror.other_occupation = one.mine_occupation
            AND mirror.segment_id IS NOT DISTINCT FROM one.segment_id
    WHERE one.finding_id = :finding_id
)
UPDATE finding AS kept SET
    status = :status, settled_by = :settled_by, settled_at = :at, note = :note, settled_severity = pair.worst,
    updated_at = now()
FROM pair
WHERE kept.finding_id = ANY(ARRAY[pair.finding_id, pair.mirror_id])
    AND (kept.finding_id = pair.finding_id OR :status = 'overridden'
        OR (kept.severity <> 'block' AND kept.mine_town IS NOT DISTINCT FROM pair.mine_town))
RETURNING kept.finding_id

-- case_group_of_token
-- The group of a case that the applicant opens with its token, so that a check can leave the own case out.
-- In: reference, token.  Out: 0 or 1 row.
SELECT occupation.case_group
FROM open_case(:reference, :token) AS opened (permit_id)
INNER JOIN occupation ON occupation.source_id = opened.permit_id
LIMIT 1

-- check_of_many
-- A statement about one occupation asked for many at once; the part in «» is that statement with what belongs to
-- one occupation read from the row, so that both find the same.
-- In: asked (json array: number and what the statement asks of one occupation), requests (json array, columns of
-- occupation) and request_streets (where they stand), both read once for all questions; the rest as for the statement.
-- Out: the rows of the statement, each with the number of its question.
WITH beside AS MATERIALIZED (
    SELECT request.*
    FROM jsonb_populate_recordset(CAST(NULL AS occupation), CAST(:requests AS jsonb)) AS request
), beside_street AS MATERIALIZED (
    SELECT street.*
    FROM jsonb_to_recordset(CAST(:request_streets AS jsonb)) AS street (
        source_id uuid, gid bigint, from_m double precision, to_m double precision, axis_m double precision, side text, takes text[])
)
SELECT asked.number, answer.*
FROM jsonb_to_recordset(CAST(:asked AS jsonb)) AS asked («columns»)
CROSS JOIN LATERAL («statement») AS answer

-- remove_findings_of_many
-- Removes what occupations had found, or others against them, and is found no longer.
-- In: occupations (array of ids), found (array of keys).  Out: nothing.
DELETE FROM finding
WHERE (mine_occupation = ANY(CAST(:occupations AS bigint[])) OR other_occupation = ANY(CAST(:occupations AS bigint[])))
    AND finding_id NOT IN (SELECT unnest(CAST(:found AS text[])))

-- settled_findings
-- Which of these findings somebody has settled, and how.
-- In: keys (array).  Out: one row for each settled one.
SELECT finding_id, status
FROM finding
WHERE finding_id = ANY(CAST(:keys AS text[])) AND status <> 'open'

-- count_findings
-- How many findings of each severity occupations have themselves.
-- In: occupations (array of ids).  Out: one row for each severity.
SELECT severity, count(*) AS findings
FROM finding
WHERE mine_occupation = ANY(CAST(:occupations AS bigint[]))
GROUP BY severity
