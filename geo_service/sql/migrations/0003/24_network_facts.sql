-- What the network rules ask: rows about the ways around each closed run of mine and about who is cut off.
-- The graph is cut to a box: the closures of mine, enlarged by box_m; larger if it holds no road of Kreisstraße or
-- above; and once four times as far where what was found may look different beyond the edge of the box.
-- After five seconds no further combination and no larger box is begun: a check answers within its time.
-- In: streets (json, extents of mine along the axes), requests (json, other requests of the check), metres.
CREATE FUNCTION network_facts(
    mine occupation, streets jsonb, requests jsonb, as_of timestamptz, closing_axis_m double precision,
    box_m double precision, longest_factor double precision, sets_max integer DEFAULT 20, closures_max integer DEFAULT 200)
RETURNS SETOF network_fact LANGUAGE plpgsql STABLE
-- The planner thinks reading the whole table as cheap as the index of the mode; it knows nothing of the arrays outside.
SET enable_seqscan = off
AS $$
DECLARE
    own network_closure := closure_of(mine, streets, closing_axis_m);
    others network_closure[];
    reach_m double precision;
    box geometry;
    facts network_fact[];
    give_up timestamptz := clock_timestamp() + interval '5 seconds';
BEGIN
    IF cardinality(own.driven || own.walked) = 0 THEN RETURN; END IF;
    -- Whether residents may pass is a condition of the rule about who is cut off, so that it stands there to be read.
    own.reached := own.driven;
    FOREACH reach_m IN ARRAY ARRAY[1, 4] LOOP
        box := network_box(own.driven || own.walked, reach_m * box_m);
        SELECT coalesce(array_agg(other), '{}') INTO others
        FROM closures_beside(mine, requests, box, closing_axis_m, as_of, closures_max) AS other;
        facts := ARRAY(
            SELECT fact FROM worst_ways(own, others, cardinality(others) < closures_max, box, reach_m * box_m, longest_factor, sets_max, give_up) AS fact
            UNION ALL
            SELECT fact FROM worst_cut_off('car', own, others, cardinality(others) < closures_max, box, sets_max, give_up) AS fact
            UNION ALL
            SELECT fact FROM worst_cut_off('foot', own, others, cardinality(others) < closures_max, box, sets_max, give_up) AS fact);
        EXIT WHEN clock_timestamp() > give_up OR NOT EXISTS (SELECT FROM unnest(facts) AS fact WHERE fact.leads_out);
    END LOOP;
    RETURN QUERY SELECT * FROM unnest(facts);
END $$;

-- The box around closed segments in which the graph is read.
CREATE FUNCTION network_box(closed bigint[], box_m double precision) RETURNS geometry LANGUAGE plpgsql STABLE
AS $$
DECLARE
    around geometry;
    reach_m double precision := box_m;
BEGIN
    SELECT ST_SetSRID(CAST(ST_Extent(axis) AS geometry), 25832) INTO around FROM road_segment WHERE gid = ANY(closed);
    WHILE reach_m < 50000 AND NOT EXISTS (
        SELECT FROM road_segment
        WHERE in_service AND 'car' = ANY(modes) AND axis && ST_Expand(around, reach_m)
            AND road_class IN ('bundesstrasse', 'landesstrasse', 'kreisstrasse'))
        AND EXISTS (SELECT FROM road_segment WHERE in_service AND 'car' = ANY(modes) AND NOT axis @ ST_Expand(around, reach_m))
    LOOP
        reach_m := 2 * reach_m;
    END LOOP;
    RETURN ST_Expand(around, reach_m);
END $$;

-- A way around the longest run that mine closes, which avoids every closure that meets mine in time.
-- Out: 0 or 1 row; way (LineString, EPSG:25832), length_m, segments (segment_ids in the order they are driven).
CREATE FUNCTION detour_offer(
    mine occupation, streets jsonb, requests jsonb, as_of timestamptz, closing_axis_m double precision, box_m double precision)
RETURNS TABLE (way geometry, length_m double precision, segments text[]) LANGUAGE plpgsql STABLE
SET enable_seqscan = off
AS $$
DECLARE
    own network_closure := closure_of(mine, streets, closing_axis_m);
    closed bigint[];
    reach_m double precision;
    box geometry;
    edges text;
    best record;
    found_line geometry;
    found_m double precision;
    found_segments bigint[];
BEGIN
    IF cardinality(own.driven) = 0 THEN RETURN; END IF;
    FOREACH reach_m IN ARRAY ARRAY[1, 4] LOOP
        box := network_box(own.driven, reach_m * box_m);
        SELECT own.driven || coalesce(array_agg(gid), '{}') INTO closed
        FROM closures_beside(mine, requests, box, closing_axis_m, as_of, 2000) AS other, LATERAL unnest(other.driven) AS gid;
        edges := without_closed(network_edges('car', box), closed);
        SELECT run.source, run.target INTO best
        FROM closed_runs(own.driven, 12) AS run
        WHERE run.source IS NOT NULL
        ORDER BY run.run_m DESC, run.source LIMIT 1;
        EXIT WHEN best IS NULL;
        SELECT line, segments_of_way, m INTO found_line, found_segments, found_m
        FROM shortest_way(edges, best.source, best.target) AS found (line, segments_of_way, m);
        EXIT WHEN found_m <= 2 * reach_m * box_m;
    END LOOP;
    IF found_line IS NULL THEN RETURN; END IF;
    RETURN QUERY SELECT found_line, found_m,
        ARRAY(SELECT segment.segment_id FROM unnest(found_segments) WITH ORDINALITY AS step (gid, place)
              INNER JOIN road_segment AS segment ON segment.gid = step.gid ORDER BY step.place);
END $$;
