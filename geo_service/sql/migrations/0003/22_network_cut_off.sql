-- The segments that lose the main network: connected with `before` as main network, no longer with `after`. An open
-- segment is connected where both its ends belong to it; of a closed one (set or mine) whoever lives there needs one end.
CREATE FUNCTION cut_off_segments(edges text, mine bigint[], closed bigint[], before bigint[], after bigint[]) RETURNS bigint[] LANGUAGE plpgsql STABLE
AS $$
DECLARE cut bigint[];
BEGIN
    EXECUTE format(
        'WITH node AS MATERIALIZED ('
        ' SELECT was.node, still.node IS NULL AS lost FROM unnest($1) AS was (node) LEFT JOIN unnest($2) AS still (node) ON still.node = was.node)'
        ' SELECT coalesce(array_agg(edge.id ORDER BY edge.id), ''{}'') FROM (%s) AS edge'
        ' LEFT JOIN node AS s ON s.node = edge.source LEFT JOIN node AS t ON t.node = edge.target'
        ' WHERE (s.lost OR t.lost) AND CASE'
        ' WHEN edge.id = ANY($4) THEN coalesce(s.lost, true) AND coalesce(t.lost, true)'
        ' WHEN edge.id = ANY($3) THEN s.lost AND t.lost'
        ' ELSE s.node IS NOT NULL AND t.node IS NOT NULL END', edges)
    INTO cut USING before, after, mine, closed;
    RETURN cut;
END $$;

-- Who is cut off by mine together with a set of simultaneous closures; the worst of all sets, mine alone among them. Sets
-- that are not looked at before `give_up` leave it open.
CREATE FUNCTION worst_cut_off(mode text, own network_closure, others network_closure[], complete boolean, box geometry, sets_max integer, give_up timestamptz)
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

-- Whether every end of some segments can be reached from every other one: in a ring from one to the next. More than eight
-- ends are not asked.
CREATE FUNCTION ends_reach_each_other(edges text, segments bigint[]) RETURNS boolean LANGUAGE plpgsql STABLE
AS $$
DECLARE
    ends bigint[] := ARRAY(
        SELECT DISTINCT tip.node FROM road_segment AS segment
        CROSS JOIN LATERAL (VALUES (segment.start_node), (segment.end_node)) AS tip (node)
        WHERE segment.gid = ANY(segments));
    asked integer := cardinality(ends);
BEGIN
    IF asked NOT BETWEEN 2 AND 8 THEN RETURN false; END IF;
    RETURN array_position(way_lengths(edges, ends, ends[2:] || ends[:1]), NULL) IS NULL;
END $$;

CREATE FUNCTION both_ends_within(segments bigint[], nodes bigint[]) RETURNS boolean LANGUAGE sql STABLE
AS $$
SELECT NOT EXISTS (
    SELECT FROM road_segment AS segment
    CROSS JOIN LATERAL (VALUES (segment.start_node), (segment.end_node)) AS tip (node)
    LEFT JOIN unnest(nodes) AS known (node) ON known.node = tip.node
    WHERE segment.gid = ANY(segments) AND known.node IS NULL)
$$;

-- Length, names and lines of cut-off segments; leads_out: one of them crosses the edge of the box, so that a way
-- beyond it is not ruled out.
CREATE FUNCTION cut_off_fact(mode text, cut bigint[], box geometry) RETURNS network_fact LANGUAGE plpgsql STABLE
AS $$
DECLARE fact network_fact;
BEGIN
    SELECT sum(length_m), ST_Multi(ST_Collect(axis ORDER BY gid)), bool_or(NOT axis @ box)
    INTO fact.cut_off_m, fact.shape, fact.leads_out
    FROM road_segment WHERE gid = ANY(cut);
    fact.about := 'cut_off';
    fact.mode := mode;
    fact.place_de := streets_in_words(cut, 'de');
    fact.place_en := streets_in_words(cut, 'en');
    RETURN fact;
END $$;
