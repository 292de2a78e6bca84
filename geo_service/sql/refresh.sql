-- What has to be looked at again after the network changed, in the transaction that changed it.

-- occupations_on_changed_roads
-- Everything that counts and stands, or stood, in a segment that this transaction has added or changed.
-- In: nothing.  Out: one row for each.
WITH changed AS MATERIALIZED (
    -- What was added carries the transaction's own instant, what was changed a later one.
    SELECT segment.gid, segment.axis
    FROM road_segment AS segment
    WHERE segment.updated_at >= now()
)
SELECT lies.occupation_id
FROM changed
INNER JOIN occupation_segment AS lies ON lies.segment_gid = changed.gid
INNER JOIN occupation ON occupation.occupation_id = lies.occupation_id AND occupation.counts
UNION
SELECT occupation.occupation_id
FROM changed
INNER JOIN road_segment AS segment ON segment.gid = changed.gid
INNER JOIN occupation
    ON occupation.counts AND occupation.area && ST_Expand(changed.axis, half_street_width_m(segment))
    AND ST_DWithin(occupation.area, changed.axis, half_street_width_m(segment))
ORDER BY occupation_id

-- occupations_on_segments
-- Everything that counts and stands in one of some segments.
-- In: segments (array of gids; those that are gone are none).  Out: one row for each.
WITH asked AS MATERIALIZED (
    SELECT segment.gid, ST_Expand(segment.axis, half_street_width_m(segment)) AS reach, segment.axis,
        half_street_width_m(segment) AS half_width_m
    FROM road_segment AS segment
    WHERE segment.gid = ANY(CAST(:segments AS bigint[]))
)
SELECT lies.occupation_id
FROM asked
INNER JOIN occupation_segment AS lies ON lies.segment_gid = asked.gid
INNER JOIN occupation ON occupation.occupation_id = lies.occupation_id AND occupation.counts
UNION
SELECT occupation.occupation_id
FROM asked
INNER JOIN occupation
    ON occupation.counts AND occupation.area && asked.reach
    AND ST_DWithin(occupation.area, asked.axis, asked.half_width_m)
ORDER BY occupation_id

-- closures_near_changed_roads
-- What closes a street in a town whose segments this transaction has added, changed or removed, or next to it: there
-- the ways through the network may be others now.
-- In: restrictions (array: those that close a street).  Out: one row for each.
WITH changed AS MATERIALIZED (
    SELECT DISTINCT segment.town
    FROM road_segment AS segment
    WHERE segment.updated_at >= now()
), near AS MATERIALIZED (
    SELECT DISTINCT other.ags
    FROM changed
    INNER JOIN town ON town.ags = changed.town
    INNER JOIN town AS other ON other.boundary && town.boundary AND ST_Intersects(other.boundary, town.boundary)
)
SELECT occupation.occupation_id
FROM occupation
WHERE occupation.counts AND EXISTS (SELECT FROM changed)
    AND (occupation.restriction = ANY(CAST(:restrictions AS text[])) OR occupation.closed_segments <> '{}')
    AND (occupation.town IS NULL OR occupation.town IN (SELECT ags FROM near))
ORDER BY occupation.occupation_id
