-- One comparison between two ends of a closed run: the shortest way that mine alone leaves and the one that a set leaves.
CREATE TYPE network_way AS (
    segment_id text, source bigint, target bigint, alone_m double precision, way_m double precision,
    binding boolean, times_known boolean, members integer[], during tstzrange
);

-- The two ends of each maximal run of closed segments, in the directions it can be driven itself; a run that branches has
-- more ends, and every two of them are compared. A ring has none. Named after its first segment.
-- Out: run_m, its own length between the two; source and target NULL for a run of more than `tips_max` ends.
CREATE FUNCTION closed_runs(closed bigint[], tips_max integer)
RETURNS TABLE (segment_id text, source bigint, target bigint, run_m double precision) LANGUAGE plpgsql STABLE
AS $$
DECLARE
    edges text := format(
        'SELECT gid AS id, start_node AS source, end_node AS target, CASE one_way WHEN ''backward'' THEN -1 ELSE length_m END AS cost,'
        ' CASE one_way WHEN ''forward'' THEN -1 ELSE length_m END AS reverse_cost'
        ' FROM road_segment WHERE gid = ANY(%L::bigint[]) AND start_node <> end_node', closed);
    pairs text;
BEGIN
    IF NOT EXISTS (SELECT FROM road_segment AS segment WHERE segment.gid = ANY(closed) AND segment.start_node <> segment.end_node) THEN RETURN; END IF;
    SELECT format('SELECT * FROM unnest(%L::bigint[], %L::bigint[]) AS pair (source, target)', array_agg(pair.a), array_agg(pair.b))
    INTO pairs
    FROM tips_of_runs(edges, closed) AS run
    CROSS JOIN LATERAL (SELECT a, b FROM unnest(run.tips) AS a, unnest(run.tips) AS b WHERE a <> b) AS pair
    WHERE cardinality(run.tips) <= tips_max;
    RETURN QUERY
    SELECT run.segment_id, NULL::bigint, NULL::bigint, NULL::double precision FROM tips_of_runs(edges, closed) AS run WHERE cardinality(run.tips) > tips_max;
    IF pairs IS NOT NULL THEN
        RETURN QUERY
        SELECT run.segment_id, driven.start_vid, driven.end_vid, driven.agg_cost
        FROM pgr_dijkstraCost(edges, pairs, true) AS driven
        INNER JOIN tips_of_runs(edges, closed) AS run ON driven.start_vid = ANY(run.tips);
    END IF;
END $$;

CREATE FUNCTION tips_of_runs(edges text, closed bigint[]) RETURNS TABLE (segment_id text, tips bigint[]) LANGUAGE sql STABLE
AS $$
SELECT min(tip.segment_id), array_agg(tip.node ORDER BY tip.node) FILTER (WHERE tip.meeting = 1)
FROM (
    SELECT part.component, part.node, count(*) AS meeting, min(segment.segment_id) AS segment_id
    -- Which way a street may be driven does not part a run.
    FROM pgr_connectedComponents(format('SELECT id, source, target, 1 AS cost, 1 AS reverse_cost FROM (%s) AS edge', edges)) AS part
    INNER JOIN road_segment AS segment ON segment.gid = ANY(closed) AND part.node IN (segment.start_node, segment.end_node)
        AND segment.start_node <> segment.end_node
    GROUP BY part.component, part.node
) AS tip
GROUP BY tip.component
$$;

-- The length of the shortest way of each pair, NULL where there is none.
CREATE FUNCTION way_lengths(edges text, sources bigint[], targets bigint[]) RETURNS double precision[] LANGUAGE sql STABLE
AS $$
SELECT array_agg(cost.agg_cost ORDER BY pair.place)
FROM unnest(sources, targets) WITH ORDINALITY AS pair (source, target, place)
LEFT JOIN pgr_dijkstraCost(edges, format('SELECT * FROM unnest(%L::bigint[], %L::bigint[]) AS pair (source, target) WHERE source IS NOT NULL', sources, targets), true) AS cost
    ON cost.start_vid = pair.source AND cost.end_vid = pair.target
$$;

-- The shortest way itself, in the direction it is driven.
CREATE FUNCTION shortest_way(edges text, source bigint, target bigint, OUT line geometry, OUT segments bigint[], OUT length_m double precision)
LANGUAGE sql STABLE
AS $$
SELECT
    ST_RemoveRepeatedPoints(ST_MakeLine(array_agg(CASE WHEN segment.start_node = step.node THEN segment.axis ELSE ST_Reverse(segment.axis) END ORDER BY step.path_seq))),
    array_agg(segment.gid ORDER BY step.path_seq), sum(step.cost)
FROM pgr_dijkstra(edges, source, target, true) AS step
INNER JOIN road_segment AS segment ON segment.gid = step.edge
$$;

-- Whether a way from source to target may exist beyond the edge of the box.
CREATE FUNCTION leads_out_of(edges text, box geometry, source bigint, target bigint) RETURNS boolean LANGUAGE plpgsql STABLE
AS $$
DECLARE rim bigint[];
BEGIN
    SELECT array_agg(tip.node) INTO rim FROM road_segment AS segment
    CROSS JOIN LATERAL (VALUES (segment.start_node), (segment.end_node)) AS tip (node)
    WHERE segment.in_service AND 'car' = ANY(segment.modes) AND segment.axis && box AND NOT segment.axis @ box;
    RETURN EXISTS (SELECT FROM nodes_reached(edges, source, false) AS reached (node) INNER JOIN unnest(rim) AS r (node) ON r.node = reached.node)
        AND EXISTS (SELECT FROM nodes_reached(edges, target, true) AS reached (node) INNER JOIN unnest(rim) AS r (node) ON r.node = reached.node);
END $$;

-- The ways around each closed run of mine: how much longer a set of simultaneous closures makes them, the worst of all
-- sets. A closure more never makes a way shorter, so a set that lies in another one says nothing new.
CREATE FUNCTION worst_ways(own network_closure, others network_closure[], complete boolean, box geometry, box_m double precision, longest_factor double precision, sets_max integer,
    give_up timestamptz)
RETURNS SETOF network_fact LANGUAGE plpgsql STABLE
AS $$
DECLARE
    edges text := without_closed(network_edges('car', box), own.driven);
    runs text[];
    sources bigint[];
    targets bigint[];
    alone double precision[];
    lengths double precision[];
    closed bigint[];
    known_all boolean := complete;
    found network_way[] := '{}';
    one record;
    way network_way;
    fact network_fact;
BEGIN
    SELECT coalesce(array_agg(other), '{}') INTO others FROM unnest(others) AS other WHERE cardinality(other.driven) > 0;
    IF cardinality(others) = 0 THEN RETURN; END IF;
    SELECT array_agg(run.segment_id), array_agg(run.source), array_agg(run.target) INTO runs, sources, targets
    FROM closed_runs(own.driven, 12) AS run;
    IF runs IS NULL THEN RETURN; END IF;
    alone := way_lengths(edges, sources, targets);
    IF complete AND array_position(alone, NULL) IS NULL AND alone = way_lengths(
        without_closed(edges, others_closed(others, ARRAY(SELECT generate_subscripts(others, 1)))), sources, targets)
    THEN RETURN; END IF;
    FOR one IN
        WITH found_set AS MATERIALIZED (SELECT * FROM simultaneous_sets(others, own.times, sets_max))
        SELECT small.* FROM found_set AS small
        WHERE NOT EXISTS (
            SELECT FROM found_set AS large
            WHERE large.members @> small.members AND large.members <> small.members
                AND large.binding = small.binding AND large.times_known = small.times_known)
    LOOP
        known_all := known_all AND one.complete AND clock_timestamp() < give_up;
        -- One set is looked at always, so that there is something to be undetermined about.
        EXIT WHEN clock_timestamp() > give_up AND cardinality(found) > 0;
        lengths := way_lengths(without_closed(edges, others_closed(others, one.members)), sources, targets);
        found := found || ARRAY(
            SELECT CAST(ROW(pair.run, pair.source, pair.target, pair.alone_m, pair.way_m, one.binding, one.times_known, one.members, one.during) AS network_way)
            FROM unnest(runs, sources, targets, alone, lengths) AS pair (run, source, target, alone_m, way_m));
    END LOOP;
    FOR way IN
        SELECT DISTINCT ON (each.segment_id) each.*
        FROM unnest(found) AS each
        ORDER BY each.segment_id, way_rank(each, longest_factor), each.way_m / each.alone_m DESC NULLS FIRST
    LOOP
        fact := way_fact(way, edges, others, box, box_m, longest_factor);
        IF NOT known_all AND way_rank(way, longest_factor) = 5 THEN
            -- More sets than are looked at: that none of them makes it long is not known.
            fact.way_factor := NULL;
            fact.no_way := NULL;
        END IF;
        RETURN NEXT fact;
    END LOOP;
END $$;

CREATE FUNCTION others_closed(others network_closure[], members integer[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE
AS $$ SELECT array_agg(gid) FROM unnest(members) AS member (place) CROSS JOIN LATERAL unnest((others[member.place]).driven) AS gid $$;

-- 1 no way is left, surely and by what is binding; 2 the same if an open end comes so; 3 too long; 4 perhaps too long; 5 not;
-- 6 nothing to compare, because mine alone leaves no way.
CREATE FUNCTION way_rank(way network_way, longest_factor double precision) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$
SELECT CASE
    WHEN way.source IS NULL THEN 4
    WHEN way.alone_m IS NULL THEN 6
    WHEN way.way_m IS NULL AND way.binding THEN CASE WHEN way.times_known THEN 1 ELSE 2 END
    WHEN way.way_m IS NULL OR way.way_m > longest_factor * way.alone_m THEN CASE WHEN way.times_known THEN 3 ELSE 4 END
    ELSE 5
END
$$;

-- A comparison with its line and its words. A way longer than twice the margin of the box may be shorter outside of it.
CREATE FUNCTION way_fact(way network_way, edges text, others network_closure[], box geometry, box_m double precision, longest_factor double precision)
RETURNS network_fact LANGUAGE plpgsql STABLE
AS $$
DECLARE
    fact network_fact;
    closed bigint[] := others_closed(others, way.members);
    around record;
    alone record;
    blocked bigint[];
BEGIN
    fact.about := 'way';
    fact.mode := 'car';
    fact.segment_id := way.segment_id;
    fact.binding := way.binding;
    fact.times_known := nullif(way.times_known, false);
    fact.together := together_of(others, way.members);
    fact.during := way.during;
    fact.way_m := way.way_m;
    fact.way_alone_m := way.alone_m;
    fact.leads_out := false;
    IF way.source IS NULL THEN RETURN fact; END IF;
    fact.no_way := way.alone_m IS NOT NULL AND way.way_m IS NULL;
    -- What has no length to compare with is no factor longer.
    fact.way_factor := CASE WHEN way.alone_m IS NULL OR way.way_m IS NULL THEN 0 ELSE way.way_m / way.alone_m END;
    IF way_rank(way, longest_factor) = 5 THEN RETURN fact; END IF;
    fact.leads_out := coalesce(way.way_m > 2 * box_m, leads_out_of(without_closed(edges, closed), box, way.source, way.target));
    IF way.alone_m IS NULL THEN RETURN fact; END IF;
    alone := shortest_way(edges, way.source, way.target);
    around := shortest_way(without_closed(edges, closed), way.source, way.target);
    SELECT array_agg(gid) INTO blocked FROM unnest(alone.segments) AS gid WHERE gid = ANY(closed);
    fact.shape := coalesce(around.line, alone.line);
    fact.place_de := streets_in_words(blocked, 'de') || CASE WHEN fact.no_way THEN format('; ohne sie %s m', round(way.alone_m))
        ELSE format('; %s m statt %s m', round(way.way_m), round(way.alone_m)) END;
    fact.place_en := streets_in_words(blocked, 'en') || CASE WHEN fact.no_way THEN format('; without it %s m', round(way.alone_m))
        ELSE format('; %s m instead of %s m', round(way.way_m), round(way.alone_m)) END;
    RETURN fact;
END $$;
