-- network_branch
-- The network rules: the ways around what mine closes and who is cut off, with every simultaneous set of closures.
-- In: streets, requests (json), as_of, p_closing_axis_m, p_network_box_m (metres), p_parallel_closure_factor.
-- Out: one row for each rule and fact that may apply; mine_area is what the map shows.
SELECT
    rule.*, mine.occupation_id AS mine_id, mine.source_id AS mine_source, mine.town AS mine_town, coalesce(network.shape, mine.area) AS mine_area,
    CAST(NULL AS bigint) AS other_id, CAST(NULL AS text) AS other_collection, CAST(NULL AS uuid) AS other_source,
    CAST(NULL AS text) AS reference, CAST(NULL AS text) AS other_town, CAST(NULL AS text) AS label,
    CAST(NULL AS text) AS use_type, CAST(NULL AS text) AS kind, CAST(NULL AS text) AS state,
    CAST(NULL AS boolean) AS published, CAST(NULL AS tstzrange) AS other_period, CAST(NULL AS geometry) AS other_area,
    network.during, network.segment_id, network.place_de, network.place_en, network.together
FROM given AS mine
CROSS JOIN LATERAL network_facts(
    CAST(ROW(mine.*) AS occupation), CAST(:streets AS jsonb), CAST(:requests AS jsonb), CAST(:as_of AS timestamptz),
    CAST(:p_closing_axis_m AS double precision), CAST(:p_network_box_m AS double precision),
    CAST(:p_parallel_closure_factor AS double precision)) AS network
CROSS JOIN LATERAL («rules») AS rule (rule, geometry, worse, applies, block, warn, info, chance, measured, limit_value, missing)
WHERE rule.applies IS DISTINCT FROM false

-- network_around
-- Stored closures whose network findings may change with the given one: those whose box of the network it lies in; of
-- more than a hundred those that meet it longest.
-- In: as for a check.  Out: one row for each.
WITH given AS MATERIALIZED (
    SELECT request.*
    FROM jsonb_populate_record(CAST(NULL AS occupation), CAST(:given AS jsonb)) AS request
), own AS MATERIALIZED (
    SELECT closure.driven || closure.walked AS closed
    FROM given
    CROSS JOIN LATERAL closure_of(CAST(ROW(given.*) AS occupation), CAST(:streets AS jsonb), CAST(:p_closing_axis_m AS double precision)) AS closure
)
SELECT near.occupation_id
FROM given
INNER JOIN own ON cardinality(own.closed) > 0
CROSS JOIN LATERAL closures_beside(
    CAST(ROW(given.*) AS occupation), CAST('[]' AS jsonb), network_box(own.closed, CAST(:p_network_box_m AS double precision)),
    CAST(:p_closing_axis_m AS double precision), CAST(:as_of AS timestamptz), 100) AS near

-- detour_offer
-- A way around a closure that has no detour of its own; none where nothing is closed or no way is left.
-- In: given, streets, requests (json), as_of, p_closing_axis_m, p_network_box_m.  Out: 0 or 1 row; way (EWKB), geojson in CRS84.
SELECT ST_AsEWKB(offer.way) AS way, ST_AsGeoJSON(ST_Transform(offer.way, 4326), 7, 0) AS geojson, offer.length_m, offer.segments
FROM jsonb_populate_record(CAST(NULL AS occupation), CAST(:given AS jsonb)) AS mine
CROSS JOIN LATERAL detour_offer(
    CAST(ROW(mine.*) AS occupation), CAST(:streets AS jsonb), CAST(:requests AS jsonb), CAST(:as_of AS timestamptz),
    CAST(:p_closing_axis_m AS double precision), CAST(:p_network_box_m AS double precision)) AS offer
