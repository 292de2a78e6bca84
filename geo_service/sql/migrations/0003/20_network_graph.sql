-- The road graph as pgRouting reads it, and what a closure takes out of it. Words and decisions: docs/decisions/0010.

-- A graph is read by its box. Beside the long texts of a row its modes were stored outside of it (TOAST), and to filter on
-- them took 18 ms for 8,600 segments; inside it is 2 ms. The rows that are there already move in now.
ALTER TABLE road_segment ALTER modes SET STORAGE PLAIN;
ALTER TABLE road_segment DISABLE TRIGGER road_segment_fragments;
ALTER TABLE road_segment NO FORCE ROW LEVEL SECURITY;
UPDATE road_segment SET modes = modes || CAST('{}' AS text[]);
ALTER TABLE road_segment FORCE ROW LEVEL SECURITY;
ALTER TABLE road_segment ENABLE TRIGGER road_segment_fragments;
CREATE INDEX road_segment_car_gist ON road_segment USING gist (axis) WHERE in_service AND 'car' = ANY(modes);
CREATE INDEX occupation_closure_gist ON occupation USING gist (area, period)
WHERE counts AND restriction IN ('full_closure', 'full_closure_residents_free');
CREATE INDEX occupation_listed_closure_gist ON occupation USING gist (period) WHERE counts AND closed_segments <> '{}';

-- What one occupation closes, by gid: to through traffic, to everybody with a vehicle, on foot. `guidance_known`: false
-- where it is not said how people walk around. `times_known`: that it meets mine does not rest on an end nobody knows.
CREATE TYPE network_closure AS (
    occupation_id bigint, binding boolean, times tstzmultirange, times_known boolean,
    driven bigint[], reached bigint[], walked bigint[], guidance_known boolean
);

-- One answer of the graph: about the way around a closed run (way) or about who is cut off (cut_off).
CREATE TYPE network_fact AS (
    about text, mode text, binding boolean, times_known boolean, pedestrian_guidance text,
    way_m double precision, way_alone_m double precision, way_factor double precision, no_way boolean,
    cut_off_m double precision, segment_id text, place_de text, place_en text, together bigint[], during tstzrange,
    shape geometry, leads_out boolean
);

-- The edges of a mode inside a box as text for pgRouting; one-way holds for cars only. A segment without nodes hangs
-- nowhere, so it is no edge.
CREATE FUNCTION network_edges(mode text, box geometry) RETURNS text LANGUAGE sql IMMUTABLE
AS $$
SELECT format(
    'SELECT gid AS id, start_node AS source, end_node AS target,'
    ' CASE WHEN %1$L = ''car'' AND one_way = ''backward'' THEN -1 ELSE length_m END AS cost,'
    ' CASE WHEN %1$L = ''car'' AND one_way = ''forward'' THEN -1 ELSE length_m END AS reverse_cost FROM road_segment'
    ' WHERE in_service AND %1$L = ANY(modes) AND axis && %2$L::geometry AND start_node IS NOT NULL AND end_node IS NOT NULL',
    mode, box)
$$;

CREATE FUNCTION without_closed(edges text, closed bigint[]) RETURNS text LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN cardinality(closed) > 0 THEN edges || format(' AND gid <> ALL (%L::bigint[])', closed) ELSE edges END $$;

CREATE FUNCTION closed_in_mode(closure network_closure, mode text) RETURNS bigint[] LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE mode WHEN 'car' THEN closure.reached ELSE closure.walked END $$;

-- The nodes of the main network: the largest strongly connected component, or the one that keeps most of `inside`.
CREATE FUNCTION main_network(edges text, closed bigint[], inside bigint[]) RETURNS bigint[] LANGUAGE sql STABLE
AS $$
WITH member AS MATERIALIZED (
    SELECT part.component, part.node
    FROM pgr_strongComponents(without_closed(edges, closed)) AS part
    LEFT JOIN unnest(inside) AS known (node) ON known.node = part.node
    WHERE inside IS NULL OR known.node IS NOT NULL
), largest AS (
    SELECT component FROM member GROUP BY component ORDER BY count(*) DESC, component LIMIT 1
)
SELECT coalesce(array_agg(member.node), '{}') FROM member INNER JOIN largest ON largest.component = member.component
$$;

-- The nodes that can be driven to from `source`; backwards: from which `source` can be driven to.
CREATE FUNCTION nodes_reached(edges text, source bigint, backwards boolean) RETURNS SETOF bigint LANGUAGE sql STABLE
AS $$
SELECT node
FROM pgr_drivingDistance(
    CASE WHEN backwards THEN format('SELECT id, target AS source, source AS target, cost, reverse_cost FROM (%s) AS edge', edges) ELSE edges END,
    source, CAST('Infinity' AS double precision), true)
$$;

-- The names of streets with their length, for a sentence; at most six of them.
CREATE FUNCTION streets_in_words(segments bigint[], language text) RETURNS text LANGUAGE sql STABLE
AS $$
WITH street AS (
    SELECT coalesce(street_name, road_number, CASE language WHEN 'de' THEN 'Weg ohne Namen' ELSE 'unnamed way' END) AS name,
        sum(length_m) AS length_m
    FROM road_segment WHERE gid = ANY(segments) GROUP BY 1
), ranked AS (
    SELECT name, length_m, row_number() OVER (ORDER BY length_m DESC, name) AS place, count(*) OVER () AS streets FROM street
)
SELECT string_agg(format('%s (%s m)', name, greatest(round(length_m), 1)), ', ' ORDER BY place)
    || CASE WHEN max(streets) > 6 THEN format(CASE language WHEN 'de' THEN ' und %s weitere' ELSE ' and %s more' END, max(streets) - 6) ELSE '' END
FROM ranked WHERE place <= 6
$$;
