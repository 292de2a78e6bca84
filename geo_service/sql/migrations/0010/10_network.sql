-- Functions of 0003/2*_network*.sql, mended.

-- A comparison with its line and its words. A way longer than twice the margin of the box may be shorter outside of it,
-- and where there is none in the box, there may be one, and who is cut off may be more.
CREATE OR REPLACE FUNCTION way_fact(way network_way, edges text, others network_closure[], box geometry, box_m double precision, longest_factor double precision)
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
    fact.leads_out := coalesce(way.way_m > 2 * box_m, true);
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

-- What can be driven to was asked without a limit, and then pgRouting tells of every node: the answer was always yes.
DROP FUNCTION leads_out_of(text, geometry, bigint, bigint);
DROP FUNCTION nodes_reached(text, bigint, boolean);

-- Every distinct set of other closures during mine, by their places in `others`: of all of them, of the binding ones, and
-- of those whose times are known. Of each kind at most `at_most`, the longest first; else `complete` is false.
-- during: without an end where nobody of the set nor mine has one, never until the moment «infinity», which no calendar has.
CREATE OR REPLACE FUNCTION simultaneous_sets(others network_closure[], mine tstzmultirange, at_most integer)
RETURNS TABLE (members integer[], binding boolean, times_known boolean, during tstzrange, complete boolean) LANGUAGE sql STABLE
AS $$
WITH other AS MATERIALIZED (
    SELECT CAST(place AS integer) AS place, each.binding, each.times_known, each.times * mine AS times
    FROM unnest(others) WITH ORDINALITY AS each (occupation_id, binding, times, times_known, driven, reached, walked, guidance_known, place)
), moment AS (
    SELECT DISTINCT coalesce(bound.at, CAST('infinity' AS timestamptz)) AS at
    FROM other
    CROSS JOIN LATERAL unnest(other.times) AS span (one)
    CROSS JOIN LATERAL (VALUES (lower(span.one)), (upper(span.one))) AS bound (at)
), piece AS (
    SELECT tstzrange(at, nullif(till, CAST('infinity' AS timestamptz))) AS span, extract(EPOCH FROM till) - extract(EPOCH FROM at) AS lasts_s
    FROM (SELECT at, lead(at) OVER (ORDER BY at) AS till FROM moment) AS step
    WHERE till IS NOT NULL
), standing AS (
    SELECT kind.binding_only, kind.known_only, piece.span, piece.lasts_s, array_agg(other.place ORDER BY other.place) AS members,
        bool_and(other.binding) AS binding, bool_and(other.times_known) AS times_known
    FROM piece
    CROSS JOIN (VALUES (true, true), (true, false), (false, true), (false, false)) AS kind (binding_only, known_only)
    INNER JOIN other ON other.times && piece.span
    WHERE (other.binding OR NOT kind.binding_only) AND (other.times_known OR NOT kind.known_only)
    GROUP BY kind.binding_only, kind.known_only, piece.span, piece.lasts_s
), ranked AS (
    SELECT binding_only, known_only, standing.members, bool_and(standing.binding) AS binding, bool_and(standing.times_known) AS times_known,
        range_merge(range_agg(standing.span)) AS during,
        row_number() OVER (PARTITION BY binding_only, known_only ORDER BY sum(lasts_s) DESC, standing.members) AS place,
        count(*) OVER (PARTITION BY binding_only, known_only) AS sets
    FROM standing
    GROUP BY binding_only, known_only, standing.members
)
SELECT DISTINCT ON (members) members, binding, times_known, during, (SELECT max(sets) <= at_most FROM ranked)
FROM ranked WHERE place <= at_most
ORDER BY members, upper(during) - lower(during) DESC NULLS FIRST
$$;

-- Who is cut off by mine together with a set of simultaneous closures; the worst of all sets, mine alone among them. Sets
-- that are not looked at before `give_up` leave it open. Where others part the box, too, a row about «farther» says that what
-- they leave may hang together outside of it.
CREATE OR REPLACE FUNCTION worst_cut_off(mode text, own network_closure, others network_closure[], complete boolean, box geometry, sets_max integer, give_up timestamptz)
RETURNS SETOF network_fact LANGUAGE plpgsql STABLE
AS $$
DECLARE
    edges text := network_edges(mode, box);
    mine bigint[] := closed_in_mode(own, mode);
    whole bigint[];
    rest bigint[];
    closed bigint[];
    before bigint[];
    cut bigint[];
    relevant network_closure[];
    one record;
    fact network_fact;
    worst network_fact;
    rank integer;
    worst_rank integer := 9;
    known_all boolean := complete;
    guidance boolean;
BEGIN
    IF cardinality(mine) = 0 THEN RETURN; END IF;
    SELECT mine || coalesce(array_agg(gid), '{}') INTO closed
    FROM unnest(others) AS other, LATERAL unnest(closed_in_mode(CAST(other AS network_closure), mode)) AS gid;
    -- Where the ends of all that mine closes still reach each other with everything closed, mine cuts nobody off; and
    -- another closure whose ends still belong to the main network then adds nothing to anybody's being cut off.
    IF complete AND ends_reach_each_other(without_closed(edges, closed), mine) THEN RETURN; END IF;
    whole := main_network(edges, '{}', NULL);
    rest := main_network(edges, closed, whole);
    SELECT coalesce(array_agg(other), '{}') INTO relevant FROM unnest(others) AS other
    WHERE NOT both_ends_within(closed_in_mode(CAST(other AS network_closure), mode), rest);
    FOR one IN
        SELECT CAST('{}' AS integer[]) AS members, true AS binding, true AS times_known, range_merge(own.times) AS during, true AS complete
        UNION ALL
        SELECT * FROM simultaneous_sets(relevant, own.times, sets_max)
    LOOP
        known_all := known_all AND one.complete AND clock_timestamp() < give_up;
        EXIT WHEN clock_timestamp() > give_up;
        SELECT coalesce(array_agg(gid), '{}'), coalesce(bool_and((relevant[place]).guidance_known), true) INTO closed, guidance
        FROM unnest(one.members) AS member (place) LEFT JOIN LATERAL unnest(closed_in_mode(relevant[place], mode)) AS gid ON true;
        before := CASE WHEN cardinality(closed) = 0 THEN whole ELSE main_network(edges, closed, whole) END;
        cut := cut_off_segments(edges, mine, closed, before, main_network(edges, closed || mine, before));
        CONTINUE WHEN cardinality(cut) = 0;
        guidance := mode = 'car' OR guidance AND own.guidance_known;
        rank := CASE WHEN one.times_known AND guidance THEN 1 ELSE 2 END + CASE WHEN one.binding THEN 0 ELSE 2 END;
        fact := cut_off_fact(mode, cut, box);
        CONTINUE WHEN (rank, -fact.cut_off_m) >= (worst_rank, -coalesce(worst.cut_off_m, 0));
        fact.binding := one.binding;
        fact.times_known := nullif(one.times_known, false);
        fact.pedestrian_guidance := CASE WHEN guidance THEN 'diverted' END;
        fact.together := together_of(relevant, one.members);
        fact.during := one.during;
        fact.place_de := fact.place_de || coalesce('; gleichzeitig gesperrt: ' || streets_in_words(closed, 'de'), '');
        fact.place_en := fact.place_en || coalesce('; closed at the same time: ' || streets_in_words(closed, 'en'), '');
        worst := fact;
        worst_rank := rank;
    END LOOP;
    IF cardinality(relevant) > 0 THEN
        fact := NULL;
        fact.about := 'farther';
        fact.leads_out := true;
        RETURN NEXT fact;
    END IF;
    IF worst_rank < 9 THEN
        RETURN NEXT worst;
    ELSIF NOT known_all THEN
        -- More sets than are looked at: that nobody is cut off is not known.
        worst.about := 'cut_off';
        worst.mode := mode;
        worst.binding := true;
        worst.times_known := true;
        worst.pedestrian_guidance := 'diverted';
        worst.together := together_of(relevant, ARRAY(SELECT generate_subscripts(relevant, 1)));
        RETURN NEXT worst;
    END IF;
END $$;

-- What the network rules ask: rows about the ways around each closed run of mine and about who is cut off.
-- The graph is cut to a box: the closures of mine, enlarged by box_m; larger if it holds no road of Kreisstraße or
-- above; and once four times as far where what was found may look different beyond the edge of the box.
-- After five seconds no further combination and no larger box is begun: a check answers within its time.
-- In: streets (json, extents of mine along the axes), requests (json, other requests of the check), metres.
CREATE OR REPLACE FUNCTION network_facts(
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
    RETURN QUERY SELECT * FROM unnest(facts) AS fact WHERE fact.about <> 'farther';
END $$;
