-- How wide a strip stays free, in fewer erosions: what 0003/11_strip_widths.sql says, asked more thriftily. What a
-- street is taken by is mostly its whole width, and then ten erosions had shown nothing that the first one does not.

CREATE OR REPLACE FUNCTION strip_passes(free geometry, head geometry, tail geometry, width_m double precision) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    -- Without a query: starting one took longer than the erosion.
    eroded CONSTANT geometry := ST_Buffer(free, -greatest(width_m / 2 - 0.01, 0), 'join=mitre');
    piece geometry;
BEGIN
    FOR i IN 1 .. coalesce(ST_NumGeometries(eroded), 0) LOOP
        piece := ST_GeometryN(eroded, i);
        IF ST_Intersects(piece, head) AND ST_Intersects(piece, tail) THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END $$;

-- The narrowest is tried first.
CREATE OR REPLACE FUNCTION strip_width_m(free geometry, head geometry, tail geometry, below_m double precision) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    passing integer := 0;
    failing integer := ceil(below_m * 100 + 0.5);
    tried integer := 1;
BEGIN
    WHILE failing - passing > 1 LOOP
        IF strip_passes(free, head, tail, tried / 100.0 - 0.005) THEN
            passing := tried;
        ELSE
            failing := tried;
        END IF;
        tried := (failing + passing) / 2;
    END LOOP;
    RETURN greatest(passing / 100.0 - 0.005, 0);
END $$;

-- A limit is tested directly where the width found does not decide it: what is a centimetre wider than that did not
-- pass, so nothing wider does.
CREATE OR REPLACE FUNCTION strip_worst(
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
    fails_from_m double precision;   -- from here on nothing passes
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
        without := strip;
        stated_m := NULL;
        IF there.members <> '{}' THEN
            SELECT ST_Difference(strip, ST_UnaryUnion(ST_Collect(others[member]))), min(others_state_m[member])
            INTO without, stated_m FROM unnest(there.members) AS member;
        END IF;
        stated_with_m := least(stated_m, mine_states_m);
        bound_m := coalesce(narrowest_m, widest_m);
        -- If all of them are there at once, `free` is known, and that the widest does not pass.
        IF cardinality(there.members) < cardinality(others) THEN
            free := ST_Difference(without, mine);
            IF coalesce(stated_with_m >= bound_m, true) AND strip_passes(free, head, tail, bound_m) THEN
                cleared := array_append(cleared, CAST(there.members AS text));
                CONTINUE;
            END IF;
        END IF;
        IF stated_with_m < bound_m AND strip_passes(free, head, tail, stated_with_m) THEN
            width_m := stated_with_m;
            without_m := width_m + must_take_m;
            fails_from_m := width_m;
        ELSE
            -- Found with the centimetre of grace on each side, less the half one of the grid.
            width_m := strip_width_m(free, head, tail, least(bound_m, stated_with_m));
            without_m := greatest(width_m - 0.015, 0) + must_take_m;
            fails_from_m := width_m + 0.01;
        END IF;
        CONTINUE WHEN must_take_m > 0 AND NOT (coalesce(stated_m >= without_m, true)
            AND strip_passes(without, head, tail, without_m + 0.015));
        narrowest_m := width_m;
        worst_at := there.moment;
        cleared := array_append(cleared, CAST(there.members AS text));
        FOR i IN 1 .. cardinality(limits) LOOP
            CONTINUE WHEN failed[i] OR limits[i] IS NULL OR limits[i] <= width_m;
            failed[i] := limits[i] >= fails_from_m OR NOT strip_passes(free, head, tail, limits[i]);
        END LOOP;
        IF narrowest_m <= 0 THEN   -- nothing is narrower, so every limit has failed that can
            complete := true;
            EXIT;
        END IF;
    END LOOP;
END $$;

-- Asked for every published feature. Started as a query in a function of its own, each took longer than what it does.
CREATE OR REPLACE FUNCTION label_de(wanted_list text, wanted_code text) RETURNS text LANGUAGE plpgsql STABLE
AS $$ BEGIN RETURN (SELECT de FROM code_label WHERE list = wanted_list AND code = wanted_code); END $$;

CREATE OR REPLACE FUNCTION label_en(wanted_list text, wanted_code text) RETURNS text LANGUAGE plpgsql STABLE
AS $$ BEGIN RETURN (SELECT en FROM code_label WHERE list = wanted_list AND code = wanted_code); END $$;

CREATE OR REPLACE FUNCTION attribution_of(wanted_source text) RETURNS text LANGUAGE plpgsql STABLE
AS $$ BEGIN RETURN (SELECT attribution FROM site_feed WHERE source = wanted_source); END $$;

CREATE OR REPLACE FUNCTION instant(moment timestamptz) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$ BEGIN RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'); END $$;
