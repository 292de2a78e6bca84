-- list_in_street
-- What the public may know stands or happens in a town's streets, for the list beside the map.
-- In: town (AGS), day (civil day or NULL = everything from today on), today (civil day).  Out: at most 200 rows.
SELECT
    shown.collection,
    shown.id,
    shown.title,
    shown.kind_de,
    shown.kind_en,
    shown.state_de,
    shown.state_en,
    shown.restriction_de,
    shown.restriction_en,
    first_day(shown.period) AS first,
    last_day(shown.period) AS last,
    ST_X(shown.place) AS lon,
    ST_Y(shown.place) AS lat
FROM (
    SELECT
        'construction_sites' AS collection, site.site_id::text AS id, site.title, site.period,
        label_de('kind', site.kind) AS kind_de, label_en('kind', site.kind) AS kind_en,
        label_de('site_state', site.state) AS state_de, label_en('site_state', site.state) AS state_en,
        label_de('restriction', site.restriction) AS restriction_de, label_en('restriction', site.restriction) AS restriction_en,
        ST_Transform(ST_PointOnSurface(site.area), 4326) AS place
    FROM construction_site AS site
    WHERE site.published AND site.town = :town
    UNION ALL
    SELECT
        'permits', permit.permit_id::text, permit.reference, permit.period,
        label_de('use_type', permit.use_type), label_en('use_type', permit.use_type),
        label_de('permit_status', permit.status), label_en('permit_status', permit.status),
        label_de('restriction', permit.restriction), label_en('restriction', permit.restriction),
        ST_Transform(ST_PointOnSurface(permit.area), 4326)
    FROM published_permit AS permit
    WHERE permit.town = :town
    UNION ALL
    SELECT
        'events', event.event_id::text, event.title, event.period,
        label_de('event_kind', event.kind), label_en('event_kind', event.kind),
        label_de('event_state', event.state), label_en('event_state', event.state),
        label_de('restriction', event.restriction), label_en('restriction', event.restriction),
        ST_Transform(ST_PointOnSurface(event.area), 4326)
    FROM event
    WHERE event.published AND event.town = :town
    UNION ALL
    SELECT
        'detours', detour.detour_id::text, detour.title, detour.period,
        label_de('collection', 'detours'), label_en('collection', 'detours'),
        label_de('site_state', detour.state), label_en('site_state', detour.state), NULL, NULL,
        ST_Transform(ST_PointOnSurface(detour.way), 4326)
    FROM detour
    WHERE detour.published AND detour.town = :town
) AS shown
WHERE CASE
    WHEN CAST(:day AS date) IS NULL THEN coalesce(last_day(shown.period) >= CAST(:today AS date), true)
    ELSE coalesce(first_day(shown.period) <= CAST(:day AS date) AND coalesce(last_day(shown.period) >= CAST(:day AS date), true), true)
END
ORDER BY first_day(shown.period), shown.title
LIMIT 200

-- list_features_to_embed
-- The published features of a town as GeoJSON, for a map on disk; not what is over.
-- In: town (AGS), today (civil day).  Out: rows layer, feature.
SELECT shown.layer, shown.feature
FROM (
    SELECT 'construction_sites' AS layer, site.fragment_crs84 AS feature, site.period
    FROM construction_site AS site WHERE site.published AND site.town = :town
    UNION ALL
    SELECT 'permits', permit.fragment_crs84, permit.period FROM published_permit AS permit WHERE permit.town = :town
    UNION ALL
    SELECT 'events', event.fragment_crs84, event.period FROM event WHERE event.published AND event.town = :town
    UNION ALL
    SELECT 'detours', detour.fragment_crs84, detour.period FROM detour WHERE detour.published AND detour.town = :town
) AS shown
WHERE coalesce(last_day(shown.period) >= CAST(:today AS date), true)

-- get_boundary_to_embed
-- A town's boundary, simplified to ten metres.
-- In: town (AGS).  Out: 1 row; boundary, GeoJSON.
SELECT ST_AsGeoJSON(ST_Transform(ST_SimplifyPreserveTopology(town.boundary, 10), 4326), 5, 0) AS boundary
FROM town
WHERE town.ags = :town

-- list_credits
-- Where the streets and boundaries on a town's map come from: its own and those of the towns within a kilometre; and
-- whose construction sites were imported, wherever they lie: a map can be moved there.
-- In: town (AGS).  Out: rows subject (roads, boundaries, sites) and credit (demo, osm, the name of another source, or the
-- words of a boundary's file).
WITH shown AS (
    SELECT near.ags, near.attribution
    FROM town AS here
    INNER JOIN town AS near ON near.boundary && ST_Expand(here.boundary, 1000)
    WHERE here.ags = :town
)
SELECT 'boundaries' AS subject, shown.attribution AS credit
FROM shown
GROUP BY shown.attribution
UNION
SELECT 'roads' AS subject, CASE WHEN road.demo THEN 'demo' ELSE road.source END AS credit
FROM road_segment AS road
INNER JOIN shown ON road.town = shown.ags
UNION
SELECT 'sites' AS subject, site_feed.attribution AS credit
FROM site_feed
ORDER BY subject, credit
