-- screening_frame
-- Every pair of stored occupations that a rule speaks of, found once by joining the table with itself through its
-- spatial index and judged in both directions, each by the values in force in the town of `mine`. The parts in «»
-- come from the rule files and the frame of a check (conflicts/screen_statement.py), so that both find the same.
-- In: as_of, low and high (a slice of occupation ids), reaches and reach days, towns and their values, the scope.
-- Out: one row for each finding («once»: the worse direction of each pair and rule only), with what `mine` is.
WITH pair AS MATERIALIZED (
    -- A plain join of keys, so that the server may split it among its workers.
    SELECT one.occupation_id AS one_id, two.occupation_id AS two_id
    FROM occupation AS one
    CROSS JOIN LATERAL («candidates») AS two
    WHERE one.counts AND one.occupation_id BETWEEN :low AND :high AND («one_in_scope»)
        AND two.case_group <> one.case_group AND two.source_id <> one.source_id
        -- Found from both sides where both are in question: then once.
        AND (one.occupation_id < two.occupation_id OR («two_in_scope») IS NOT TRUE)
)
SELECT
    worst.rule, worst.sure, worst.could, worst.measured, worst.limit_value, worst.missing, worst.mine_id,
    worst.mine_source, worst.mine_town, worst.other_id, worst.other_collection, worst.other_source, worst.reference,
    worst.other_town, worst.label, worst.use_type, worst.kind, worst.state, worst.published,
    lower(worst.other_period) AS other_start, upper(worst.other_period) AS other_end,
    lower(worst.during) AS during_start, upper(worst.during) AS during_end, worst.segment_id, worst.place_de,
    worst.place_en, worst.together, «ewkb» AS geometry, ST_AsGeoJSON(ST_Transform(link.geometry, 4326), 7, 0) AS geojson,
    me.collection AS my_collection, me.reference AS my_reference, me.label AS my_label, me.use_type AS my_use_type,
    me.kind AS my_kind, me.state AS my_state, me.published AS my_published, lower(me.period) AS my_start,
    upper(me.period) AS my_end
FROM pair
CROSS JOIN LATERAL (SELECT occupation.* FROM occupation WHERE occupation.occupation_id = pair.one_id OFFSET 0) AS one
CROSS JOIN LATERAL (SELECT occupation.* FROM occupation WHERE occupation.occupation_id = pair.two_id OFFSET 0) AS two
CROSS JOIN LATERAL (
    SELECT «once» judged.*
    FROM (
        SELECT ruled.*, level.sure, level.could
        FROM («branches») AS ruled
        CROSS JOIN LATERAL («level») AS level
        WHERE level.could < 5
    ) AS judged
    WHERE «in_period»
    ORDER BY judged.rule, judged.segment_id, judged.could, judged.sure, judged.mine_id
) AS worst
CROSS JOIN LATERAL («link» OFFSET 0) AS link
CROSS JOIN LATERAL (
    SELECT one.collection, one.reference, one.label, one.use_type, one.kind, one.state, one.published, one.period
    WHERE worst.mine_id = one.occupation_id
    UNION ALL
    SELECT two.collection, two.reference, two.label, two.use_type, two.kind, two.state, two.published, two.period
    WHERE worst.mine_id = two.occupation_id
) AS me
ORDER BY one.occupation_id, two.occupation_id, worst.rule, worst.mine_id, worst.segment_id

-- screening_meeting
-- When the two of a pair meet: the time they share, else the gap between them.
-- In: judged.during, one, two.
CASE
    WHEN NOT isempty(judged.during) THEN judged.during
    WHEN one.period && two.period THEN one.period * two.period
    ELSE tstzrange(least(upper(one.period), upper(two.period)), greatest(lower(one.period), lower(two.period)), '[]')
END

-- screening_mine
-- One of a pair with the values in force in its town.
-- In: towns (array of AGS, NULL = outside every town), one array of values for each parameter, in that order.
SELECT «who».*, «values»
FROM (SELECT array_position(CAST(:towns AS text[]), «who».town) AS nth) AS town

-- screening_period
-- The period of the one, free on both sides by at least so many civil days (a day with its clock change more).
-- In: days.
tstzrange(lower(one.period) - make_interval(days => :days), upper(one.period) + make_interval(days => :days))

-- screening_size
-- How many occupations are in question, and between which ids.
-- In: the scope.  Out: 1 row.
SELECT count(*) AS occupations, min(occupation.occupation_id) AS lowest, max(occupation.occupation_id) AS highest
FROM occupation
WHERE occupation.counts AND («in_scope»)

-- screening_slice
-- In place of the one id of `get_occupation`: the next occupations in question, by their ids.
-- In: after (an id), most, the scope.
occupation.counts AND occupation.occupation_id > :after AND («in_scope»)
ORDER BY occupation.occupation_id
LIMIT :most

-- screening_towns
-- Every town, for the values in force in each.
-- In: nothing.  Out: one row for each.
SELECT ags
FROM town
ORDER BY ags

-- screening_streets
-- The names of streets, to be compared as people write them.
-- In: town (AGS, NULL = all).  Out: one row for each name.
SELECT DISTINCT segment.street_name
FROM road_segment AS segment
WHERE segment.street_name IS NOT NULL AND (CAST(:town AS text) IS NULL OR segment.town = :town)

-- screening_in_streets
-- What counts and stands in streets of these names.
-- In: names (array), town (AGS of the street, NULL = all).  Out: one row for each occupation.
SELECT DISTINCT stands.occupation_id
FROM road_segment AS segment
INNER JOIN occupation_segment AS stands ON stands.segment_gid = segment.gid
INNER JOIN occupation ON occupation.occupation_id = stands.occupation_id AND occupation.counts
WHERE segment.street_name = ANY(CAST(:names AS text[])) AND (CAST(:town AS text) IS NULL OR segment.town = :town)

-- screening_before
-- The stored findings of a town's occupations and against them, before they are made anew; its occupations stay as
-- they are meanwhile. What a neighbour's occupation finds against a fixed object of the town is the neighbour's.
-- In: town (AGS).  Out: one row for each finding.
WITH held AS MATERIALIZED (
    SELECT occupation.occupation_id
    FROM occupation
    WHERE occupation.town = :town AND occupation.counts
    ORDER BY occupation.occupation_id
    FOR SHARE
)
SELECT finding.finding_id
FROM finding
WHERE (finding.mine_town = :town OR finding.other_town = :town AND finding.other_occupation IS NOT NULL)
    AND (SELECT count(*) FROM held) >= 0

-- screening_gone
-- Removes findings that are found no longer.
-- In: gone (array of keys).  Out: nothing.
DELETE FROM finding
WHERE finding_id = ANY(CAST(:gone AS text[]))

-- town_conflicts
-- The stored findings of a town's desk: of each pair and rule the worse direction, the town's own before another's.
-- In: town (AGS), what to show or NULL for all: severities (array), open_only, during (tstzrange), in_street (array of
-- occupation ids); most.  Out: at most so many rows, the worst first, each with the number of all.
SELECT
    once.finding_id, once.mine_occupation, once.mine_occupation AS mine_id, once.mine_source, once.mine_town,
    once.segment_id, once.rule, once.number, once.rule_version, once.severity, once.could_be, once.measured,
    once.limit_value, once.unit, once.needed_for_grant, once.missing, once.together, once.document, once.status,
    once.note, once.version, once.other_source AS object_id, once.other_town AS object_town, CAST(NULL AS bytea) AS geometry,
    ST_AsGeoJSON(ST_Transform(once.geometry, 4326), 7, 0) AS geojson, lower(once.during) AS during_start,
    upper(once.during) AS during_end, other.occupation_id AS other_id, other.collection AS other_collection,
    other.source_id AS other_source, other.reference, other.town AS other_town, other.label, other.use_type, other.kind,
    other.state, other.published, lower(other.period) AS other_start, upper(other.period) AS other_end,
    mine.collection AS my_collection, mine.reference AS my_reference, mine.label AS my_label,
    mine.use_type AS my_use_type, mine.kind AS my_kind, mine.state AS my_state, mine.published AS my_published,
    lower(mine.period) AS my_start, upper(mine.period) AS my_end, count(*) OVER () AS conflicts_total
FROM (
    SELECT DISTINCT ON (
        finding.rule, least(finding.mine_source, finding.other_source), greatest(finding.mine_source, finding.other_source),
        finding.segment_id)
        finding.*, rank.weight
    FROM finding
    CROSS JOIN LATERAL (SELECT
        2 * array_position(ARRAY['block', 'warn', 'info', 'chance'], coalesce(finding.could_be, finding.severity))
        + CASE WHEN finding.severity = 'undetermined' THEN 1 ELSE 0 END AS weight) AS rank
    WHERE finding.mine_town = :town OR finding.other_town = :town
    ORDER BY
        finding.rule, least(finding.mine_source, finding.other_source), greatest(finding.mine_source, finding.other_source),
        finding.segment_id, rank.weight, (finding.mine_town IS DISTINCT FROM :town), finding.finding_id
) AS once
INNER JOIN occupation AS mine ON mine.occupation_id = once.mine_occupation
LEFT JOIN occupation AS other ON other.occupation_id = once.other_occupation
WHERE (CAST(:severities AS text[]) IS NULL OR once.severity = ANY(CAST(:severities AS text[])))
    AND (NOT :open_only OR once.status = 'open')
    AND (CAST(:during AS tstzrange) IS NULL OR CAST(:during AS tstzrange) && CASE
        WHEN NOT isempty(once.during) THEN once.during
        WHEN other.period IS NULL OR mine.period && other.period THEN mine.period
        ELSE tstzrange(least(upper(mine.period), upper(other.period)), greatest(lower(mine.period), lower(other.period)), '[]')
    END)
    AND (CAST(:in_street AS bigint[]) IS NULL
        OR once.mine_occupation = ANY(CAST(:in_street AS bigint[])) OR once.other_occupation = ANY(CAST(:in_street AS bigint[])))
ORDER BY once.weight, once.number, lower(once.during), once.finding_id
LIMIT :most

-- street_timeline
-- What counts and stands in a street of a town during a period, by its start.
-- In: names (array of street names), town (AGS), during (tstzrange), with_ended (permits that are over and not
-- accepted, too), most.  Out: at most so many rows.
SELECT DISTINCT
    occupation.occupation_id, occupation.collection, occupation.source_id, occupation.reference, occupation.town,
    occupation.label, occupation.use_type, occupation.kind, occupation.state, occupation.published,
    lower(occupation.period) AS period_start, upper(occupation.period) AS period_end, occupation.restriction
FROM road_segment AS segment
INNER JOIN occupation_segment AS stands ON stands.segment_gid = segment.gid
INNER JOIN occupation ON occupation.occupation_id = stands.occupation_id
WHERE segment.street_name = ANY(CAST(:names AS text[])) AND segment.town = :town
    AND (occupation.counts OR :with_ended AND occupation.collection = 'permits' AND occupation.state = 'ended')
    AND occupation.period && CAST(:during AS tstzrange)
ORDER BY period_start, period_end, occupation.occupation_id
LIMIT :most
