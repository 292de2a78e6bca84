-- street_around
-- The segments of the street that a shape stands in, as far as they come near its place on the axis. Of several
-- streets one with a name goes first, then the one whose axis is nearest, then the smaller id. Ways without a name
-- are one street where they are of the same kind.
-- In: segments (array of gid, the streets it stands in), place (EWKB point, EPSG:25832), reach_m (metres).
-- Out: one row for each segment, `is_home` for the one that the shape stands in; none where there is no street.
WITH home AS MATERIALIZED (
    SELECT segment.gid, segment.street_name, segment.highway, ST_ClosestPoint(segment.axis, ST_GeomFromEWKB(:place)) AS place
    FROM road_segment AS segment
    WHERE segment.gid = ANY(CAST(:segments AS bigint[]))
    ORDER BY (segment.street_name IS NULL), ST_Distance(segment.axis, ST_GeomFromEWKB(:place)), segment.segment_id
    LIMIT 1
)
SELECT piece.segment_id, ST_AsBinary(piece.axis) AS axis, piece.start_node, piece.end_node, piece.gid = home.gid AS is_home
FROM home
INNER JOIN road_segment AS piece ON piece.axis && ST_Expand(home.place, :reach_m)
WHERE piece.in_service AND (
    piece.street_name = home.street_name
    OR piece.street_name IS NULL AND home.street_name IS NULL AND piece.highway IS NOT DISTINCT FROM home.highway
)

-- time_allowed
-- How long a statement may run at the moment.
-- In: nothing.  Out: 1 row, a time as PostgreSQL writes it.
SELECT current_setting('statement_timeout')

-- allow_time
-- No statement of this transaction runs longer from now on.
-- In: timeout (a time as PostgreSQL writes it, a bare number being milliseconds).  Out: 1 row.
SELECT set_config('statement_timeout', :timeout, true)
