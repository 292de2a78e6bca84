-- How wide a strip stays free while occupations stand in it. Widths in metres, found on a grid of one centimetre.

-- What an area covers of a strip. Where the geometry library fails on it, what its envelope covers: unknown is no pass.
CREATE FUNCTION strip_part(body geometry, area geometry) RETURNS geometry
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
    -- To the millimetre: a drawing may have a spike of no width, and erosion would make a barrier of it.
    RETURN ST_CollectionExtract(ST_Intersection(body, area, 0.001), 3);
EXCEPTION WHEN internal_error THEN
    RETURN ST_CollectionExtract(ST_Intersection(body, ST_Envelope(area)), 3);
END $$;

-- Whether something of this width passes from one prolongation to the other. Eroding by exactly half of it would fail
-- at the very threshold, therefore a centimetre less on each side.
CREATE FUNCTION strip_passes(free geometry, head geometry, tail geometry, width_m double precision) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT EXISTS (
        SELECT 1
        FROM ST_Dump(ST_Buffer(free, -greatest(width_m / 2 - 0.01, 0), 'join=mitre')) AS piece
        WHERE ST_Intersects(piece.geom, head) AND ST_Intersects(piece.geom, tail))
$$;

-- The widest that passes, below a width that does not; 0 where nothing does. By bisection, half a centimetre beside
-- the full ones: what is drawn in full centimetres is then never tested at its very edge.
CREATE FUNCTION strip_width_m(free geometry, head geometry, tail geometry, below_m double precision) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    passing integer := 0;
    failing integer := ceil(below_m * 100 + 0.5);
    tried integer;
BEGIN
    WHILE failing - passing > 1 LOOP
        tried := (failing + passing) / 2;
        IF strip_passes(free, head, tail, tried / 100.0 - 0.005) THEN
            passing := tried;
        ELSE
            failing := tried;
        END IF;
    END LOOP;
    RETURN greatest(passing / 100.0 - 0.005, 0);
END $$;

-- The worst instant of one strip: for each set of others that stand there together with mine, whether each limit is
-- kept. Only where mine itself takes something (must_take_m narrower with it than without).
-- others: what they cover of the strip, what they state to remain, and when they and mine are there (inside mine_times).
-- failed: by limit; narrowest_m and worst_at: of the worst set, NULL if every limit is kept; complete: false if there
-- were too many sets to look at all of them, then a limit that has not failed may still do. all_kept: every limit is
-- kept whoever of them is there.
CREATE FUNCTION strip_worst(
    strip geometry, head geometry, tail geometry, mine geometry, mine_states_m double precision, mine_times tstzmultirange,
    others geometry[], others_state_m double precision[], times tstzmultirange[],
    limits double precision[], must_take_m double precision,
    OUT failed boolean[], OUT narrowest_m double precision, OUT worst_at timestamptz, OUT complete boolean, OUT all_kept boolean)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    most_sets CONSTANT integer := 100;
    most_instants CONSTANT integer := 2000;
    widest_m double precision := (SELECT max(wanted) FROM unnest(limits) AS wanted);
    cleared text[] := '{}';          -- sets that are no worse than what was found, and with them all their parts
    there record;
    without geometry;
    free geometry;
    stated_m double precision;       -- what the others of the set state to remain
    stated_with_m double precision;
    bound_m double precision;
    width_m double precision;
    without_m double precision;      -- what has to pass without mine, if mine takes something
    looked_at integer := 0;
BEGIN
    failed := array_fill(false, ARRAY[cardinality(limits)]);
    complete := true;
    all_kept := true;
    IF widest_m IS NULL THEN
        RETURN;
    END IF;
    stated_with_m := least(mine_states_m, (SELECT min(stated) FROM unnest(others_state_m) AS stated));
    free := ST_Difference(strip, ST_UnaryUnion(ST_Collect(array_append(others, mine))));
    IF coalesce(stated_with_m >= widest_m, true) AND strip_passes(free, head, tail, widest_m) THEN
        RETURN;   -- even if all of them stood there at once
    END IF;
    all_kept := false;
    complete := (SELECT count(*) <= most_instants FROM strip_instants(mine_times, times) AS moment);
    FOR there IN
        SELECT sets.members, min(sets.moment) AS moment
        FROM (
            SELECT moment, coalesce((SELECT array_agg(each.place ORDER BY each.place)
                FROM unnest(times) WITH ORDINALITY AS each (span, place) WHERE each.span @> moment), '{}') AS members
            FROM (SELECT moment FROM strip_instants(mine_times, times) AS moment ORDER BY moment LIMIT most_instants) AS instants
        ) AS sets
        GROUP BY sets.members
        ORDER BY cardinality(sets.members) DESC, min(sets.moment)
    LOOP
        CONTINUE WHEN EXISTS (SELECT 1 FROM unnest(cleared) AS whole WHERE CAST(whole AS bigint[]) @> there.members);
        looked_at := looked_at + 1;
        IF looked_at > most_sets THEN
            complete := false;
            EXIT;
        END IF;
        SELECT ST_Difference(strip, ST_UnaryUnion(ST_Collect(others[member]))), min(others_state_m[member])
        INTO without, stated_m FROM unnest(there.members) AS member;
        without := coalesce(without, strip);
        free := ST_Difference(without, mine);
        stated_with_m := least(stated_m, mine_states_m);
        bound_m := coalesce(narrowest_m, widest_m);
        IF coalesce(stated_with_m >= bound_m, true) AND strip_passes(free, head, tail, bound_m) THEN
            cleared := array_append(cleared, CAST(there.members AS text));
            CONTINUE;
        END IF;
        IF stated_with_m < bound_m AND strip_passes(free, head, tail, stated_with_m) THEN
            width_m := stated_with_m;
            without_m := width_m + must_take_m;
        ELSE
            -- Found with the centimetre of grace on each side, less the half one of the grid.
            width_m := strip_width_m(free, head, tail, least(bound_m, stated_with_m));
            without_m := greatest(width_m - 0.015, 0) + must_take_m;
        END IF;
        CONTINUE WHEN must_take_m > 0 AND NOT (coalesce(stated_m >= without_m, true)
            AND strip_passes(without, head, tail, without_m + 0.015));
        narrowest_m := width_m;
        worst_at := there.moment;
        cleared := array_append(cleared, CAST(there.members AS text));
        FOR i IN 1 .. cardinality(limits) LOOP
            CONTINUE WHEN failed[i] OR limits[i] IS NULL OR limits[i] <= width_m;
            failed[i] := coalesce(limits[i] > stated_with_m, false) OR NOT strip_passes(free, head, tail, limits[i]);
        END LOOP;
        IF narrowest_m <= 0 THEN   -- nothing is narrower, so every limit has failed that can
            complete := true;
            EXIT;
        END IF;
    END LOOP;
END $$;

-- When it may be at its worst: whenever mine, or another while mine is there, begins.
CREATE FUNCTION strip_instants(mine_times tstzmultirange, times tstzmultirange[]) RETURNS SETOF timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT lower(span) FROM unnest(mine_times) AS span
    UNION
    SELECT lower(span) FROM unnest(times) AS each (their_times), unnest(each.their_times) AS span
$$;

-- The answer about one strip. passed: by limit, with everything that counts; binding_passed: with what is binding only.
-- NULL where it depends on an end that is not known, or too many stand there together.
-- known: the part of `times` that is certain. measured_m: the worst that may be, rounded down to 0.05 m.
CREATE FUNCTION strip_widths(
    strip geometry, head geometry, tail geometry, mine geometry, mine_states_m double precision, mine_times tstzmultirange,
    mine_known tstzmultirange, others geometry[], others_state_m double precision[], binding boolean[],
    times tstzmultirange[], known tstzmultirange[], limits double precision[], must_take_m double precision,
    OUT passed boolean[], OUT binding_passed boolean[], OUT measured_m double precision, OUT worst_at timestamptz,
    OUT complete boolean)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    everyone CONSTANT integer[] := ARRAY(SELECT generate_subscripts(others, 1));
    bound CONSTANT integer[] := ARRAY(SELECT i FROM unnest(everyone) AS i WHERE binding[i]);
    certain CONSTANT integer[] := ARRAY(SELECT i FROM unnest(everyone) AS i WHERE NOT isempty(known[i]));
    is_certain CONSTANT boolean := known = times AND mine_known = mine_times;
    may record;
    is_so record;
    may_bind record;
    is_so_bound record;
BEGIN
    may := strip_worst(strip, head, tail, mine, mine_states_m, mine_times, others, others_state_m, times, limits, must_take_m);
    is_so := may;
    may_bind := may;
    is_so_bound := may;
    -- Who else stands there may hide what mine takes, so each company is looked at for itself.
    IF NOT may.all_kept AND NOT is_certain THEN
        is_so := strip_worst_of(certain, strip, head, tail, mine, mine_states_m, mine_known, others, others_state_m, known, limits, must_take_m);
        is_so_bound := is_so;
    END IF;
    IF NOT may.all_kept AND cardinality(bound) < cardinality(everyone) THEN
        may_bind := strip_worst_of(bound, strip, head, tail, mine, mine_states_m, mine_times, others, others_state_m, times, limits, must_take_m);
        is_so_bound := may_bind;
        IF NOT is_certain THEN
            is_so_bound := strip_worst_of(ARRAY(SELECT i FROM unnest(bound) AS i WHERE i = ANY(certain)), strip, head, tail, mine,
                mine_states_m, mine_known, others, others_state_m, known, limits, must_take_m);
        END IF;
    END IF;
    complete := may.complete AND may_bind.complete;
    SELECT
        array_agg(CASE WHEN is_so.failed[i] OR is_so_bound.failed[i] THEN false
            WHEN complete AND NOT (may.failed[i] OR may_bind.failed[i]) THEN true END ORDER BY i),
        array_agg(CASE WHEN is_so_bound.failed[i] THEN false WHEN may_bind.complete AND NOT may_bind.failed[i] THEN true END ORDER BY i)
    INTO passed, binding_passed
    FROM generate_subscripts(limits, 1) AS i;
    measured_m := least(may.narrowest_m, may_bind.narrowest_m);
    worst_at := CASE WHEN may.narrowest_m <= measured_m THEN may.worst_at ELSE may_bind.worst_at END;
    -- What somebody states is told as stated.
    IF NOT (measured_m = ANY(array_append(others_state_m, mine_states_m))) IS TRUE THEN
        measured_m := floor(measured_m * 20 + 0.000001) / 20;
    END IF;
EXCEPTION WHEN internal_error THEN   -- what the geometry library cannot do is not known, and a check must answer
    passed := NULL; binding_passed := NULL; measured_m := NULL; worst_at := NULL; complete := false;
END $$;

CREATE FUNCTION strip_worst_of(
    chosen integer[], strip geometry, head geometry, tail geometry, mine geometry, mine_states_m double precision,
    mine_times tstzmultirange, others geometry[], others_state_m double precision[], times tstzmultirange[],
    limits double precision[], must_take_m double precision,
    OUT failed boolean[], OUT narrowest_m double precision, OUT worst_at timestamptz, OUT complete boolean, OUT all_kept boolean)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT worst.*
    FROM strip_worst(strip, head, tail, mine, mine_states_m, mine_times,
        ARRAY(SELECT others[i] FROM unnest(chosen) AS i), ARRAY(SELECT others_state_m[i] FROM unnest(chosen) AS i),
        ARRAY(SELECT times[i] FROM unnest(chosen) AS i), limits, must_take_m) AS worst
$$;
