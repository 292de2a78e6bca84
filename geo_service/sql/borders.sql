-- What follows a town's border when the town is added or its border moves, and what does not.

-- claims_at_border
-- What counts and lies in a town, touches it or is counted to it. from_feed: delivered by another system and kept by
-- nobody's desk, so that the next delivery would give it the town it lies in.
-- In: town (AGS), desk (the source of what a clerk has drawn).
-- Out: one row for each: occupation_id, collection, reference, label, town, town_chosen, from_feed, area (WKB, EPSG:25832).
SELECT
    occupation.occupation_id, occupation.collection, occupation.reference, occupation.label, occupation.town,
    occupation.town_chosen, coalesce(site.source, event.source, :desk) <> :desk AS from_feed,
    ST_AsBinary(occupation.area) AS area
FROM occupation
LEFT JOIN construction_site AS site
    ON occupation.collection = 'construction_sites' AND site.site_id = occupation.source_id
LEFT JOIN event ON occupation.collection = 'events' AND event.event_id = occupation.source_id
WHERE occupation.counts AND occupation.area IS NOT NULL
    AND (occupation.town = :town OR EXISTS (
        SELECT
        FROM town_piece AS piece
        WHERE piece.town = :town AND ST_Intersects(piece.piece, occupation.area)))
ORDER BY occupation.occupation_id

-- move_claims
-- Gives occupations, with their sites, events and the records of their feeds, to the town they lie in now.
-- In: moved (json array: occupation_id, town).  Out: nothing.
WITH moved AS (
    UPDATE occupation AS claim SET town = stated.town, updated_at = now()
    FROM jsonb_to_recordset(CAST(:moved AS jsonb)) AS stated (occupation_id bigint, town text)
    WHERE claim.occupation_id = stated.occupation_id
    RETURNING claim.source_id, claim.town
),
sites AS (
    UPDATE construction_site AS site SET town = moved.town, version = site.version + 1, updated_at = now()
    FROM moved
    WHERE site.site_id = moved.source_id
),
events AS (
    UPDATE event SET town = moved.town, version = event.version + 1, updated_at = now()
    FROM moved
    WHERE event.event_id = moved.source_id
)
UPDATE site_feed_record AS record SET town = moved.town
FROM moved
WHERE record.site_id = moved.source_id

-- assign_stored_places
-- Gives what was imported and lies in a town, or was counted to it, the town that a point in it lies in: «table» is
-- facility or fire_area.
-- In: town (AGS), desk (the source of what a clerk has drawn, which stays where it is).  Out: as many as changed.
WITH holder AS (
    SELECT known.source, known.source_id, here.town
    FROM «table» AS known
    LEFT JOIN LATERAL (
        SELECT piece.town
        FROM town_piece AS piece
        WHERE ST_Intersects(piece.piece, ST_PointOnSurface(known.place))
        ORDER BY piece.town LIMIT 1
    ) AS here ON true
    WHERE known.source <> :desk AND (known.town = :town OR here.town = :town)
)
UPDATE «table» AS known SET town = holder.town, updated_at = now()
FROM holder
WHERE known.source = holder.source AND known.source_id = holder.source_id AND known.town IS DISTINCT FROM holder.town
