-- What a desk keeps on its map, whatever its kind; «facts» is the SELECT of the kind (town_objects/kind.py).

-- get_object
-- One object of a town.
-- In: object_id, town.  Out: 0 or 1 row.
SELECT kept.*
FROM («facts») AS kept
WHERE kept.object_id = :object_id AND kept.town = :town

-- list_objects
-- The objects of a town, what was changed last first.
-- In: town, states (array or NULL = all), after_at and after_id (of the last row seen, or NULL), number.
-- Out: at most `number` rows.
SELECT kept.*
FROM («facts») AS kept
WHERE
    kept.town = :town
    AND (CAST(:states AS text[]) IS NULL OR kept.state = ANY(CAST(:states AS text[])))
    AND (CAST(:after_at AS timestamptz) IS NULL
        OR (kept.updated_at, kept.object_id) < (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid)))
ORDER BY kept.updated_at DESC, kept.object_id DESC
LIMIT :number

-- add_change
-- One line of the record of changes.
-- In: collection, object_id, town, at, actor_role, actor_name, deed, state, fields (array), document (json), overrides
-- (json array of finding, number, explanation, reason).  Out: nothing.
INSERT INTO object_change (collection, object_id, town, at, actor_role, actor_name, deed, state, fields, document, overrides)
VALUES (:collection, :object_id, :town, :at, :actor_role, :actor_name, :deed, :state, CAST(:fields AS text[]),
    CAST(:document AS jsonb), CAST(:overrides AS jsonb))

-- list_changes
-- Who changed what, the first change first.
-- In: collection, object_id.  Out: one row for each change.
SELECT at, actor_role, actor_name, deed, state, fields, overrides
FROM object_change
WHERE object_id = :object_id AND collection = :collection
ORDER BY change_id

-- source_in_town
-- Whether something of a town's street has this id or belongs to this group.
-- In: source_id, town.  Out: 1 row.
SELECT EXISTS (
    SELECT FROM occupation
    WHERE occupation.town = :town
        AND CAST(:source_id AS uuid) IN (occupation.source_id, occupation.case_group)
) AS known

-- unknown_segments
-- Which of these are no segments.
-- In: segments (array of segment_ids).  Out: one row for each that is unknown.
SELECT asked.segment_id
FROM unnest(CAST(:segments AS text[])) AS asked (segment_id)
WHERE NOT EXISTS (SELECT FROM road_segment WHERE road_segment.segment_id = asked.segment_id)

-- detours_of
-- The signed detours that belong to a site or an event.
-- In: belongs_to.  Out: one row for each that is not cancelled.
SELECT detour_id, title, state
FROM detour
WHERE belongs_to = :belongs_to AND state <> 'cancelled'
ORDER BY title, detour_id

-- standing_in_place
-- What stands or is planned where something lies and while it is in force.
-- In: place (EWKB, EPSG:25832), period, recurrence (multirange or NULL = the whole period), number.
-- Out: at most `number` rows of what counts.
SELECT
    occupation.collection, occupation.source_id, occupation.reference, occupation.town, occupation.label,
    occupation.use_type, occupation.kind, occupation.state, occupation.published, lower(occupation.period) AS other_start,
    upper(occupation.period) AS other_end, occupation.collection AS other_collection, occupation.occupation_id AS other_id,
    occupation.source_id AS other_source, occupation.town AS other_town
FROM occupation
WHERE
    occupation.counts AND occupation.area && ST_GeomFromEWKB(:place) AND occupation.period && CAST(:period AS tstzrange)
    AND coalesce(occupation.recurrence, tstzmultirange(occupation.period))
    && coalesce(CAST(:recurrence AS tstzmultirange), tstzmultirange(CAST(:period AS tstzrange)))
    AND ST_Intersects(occupation.area, ST_GeomFromEWKB(:place))
ORDER BY lower(occupation.period), occupation.occupation_id
LIMIT :number
