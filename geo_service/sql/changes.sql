-- changes_since
-- What was published, changed and removed behind a position, in the order of the commits, with the features as they are
-- published now: one that is gone meanwhile has none, and its removal follows.
-- In: position, number (the last change seen), collections (array, NULL = all), rows.
-- Out: 0 or more rows: position, number, at, collection, object_id, deed, feature (GeoJSON text, CRS84, or NULL).
WITH page AS MATERIALIZED (
    SELECT batch.position, change.number, batch.at, change.collection, change.object_id, change.deed
    FROM change_batch AS batch
    INNER JOIN published_change AS change ON change.batch = batch.batch
    WHERE batch.position >= :position AND (batch.position > :position OR change.number > :number)
        AND (CAST(:collections AS text[]) IS NULL OR change.collection = ANY(CAST(:collections AS text[])))
    ORDER BY batch.position, change.number
    LIMIT :rows
)
SELECT page.position, page.number, instant(page.at) AS at, page.collection, page.object_id, page.deed,
       CASE WHEN page.deed <> 'removed'
            THEN coalesce(site.fragment_crs84, event.fragment_crs84, detour.fragment_crs84, permit.fragment_crs84)
       END AS feature
FROM page
LEFT JOIN construction_site AS site
    ON page.collection = 'construction_sites' AND site.site_id = page.object_id AND site.published
LEFT JOIN event ON page.collection = 'events' AND event.event_id = page.object_id AND event.published
LEFT JOIN detour ON page.collection = 'detours' AND detour.detour_id = page.object_id AND detour.published
LEFT JOIN published_permit AS permit ON page.collection = 'permits' AND permit.permit_id = page.object_id
ORDER BY page.position, page.number

-- last_position
-- The position of the latest commit that published, changed or removed something.
-- In: nothing.  Out: 1 row: position (0 before the first).
SELECT coalesce(max(position), 0) AS position
FROM change_batch
