-- What the rules of places, strips and the network stand on.

-- Which segments a clerk declares closed, beside what the drawing covers; and how much of a drawn detour lies on no
-- known street (NULL where there is no detour).
ALTER TABLE occupation
    ADD closed_segments text[] NOT NULL DEFAULT '{}',
    ADD detour_unmatched_m double precision;

-- Length of the axis that the area covers: a full closure closes a segment from some metres on.
ALTER TABLE occupation_segment ADD axis_m double precision NOT NULL DEFAULT 0;

-- Each width with its own source; where it is NULL, width_source (the weakest of them) holds.
ALTER TABLE road_segment
    DROP CONSTRAINT road_segment_carriageway_source_known,
    ADD footway_width_left_source text,
    ADD footway_width_right_source text,
    ADD cycleway_width_source text,
    ADD CONSTRAINT road_segment_width_sources_known CHECK (
        array_remove(ARRAY[carriageway_width_source, footway_width_left_source, footway_width_right_source,
            cycleway_width_source], NULL) <@ ARRAY['measured', 'tagged', 'assumed']);

-- Area and time in which uses are refused: Christmas market, winter. `refuses`: all, digging, or codes of uses.
CREATE TABLE blackout (
    blackout_id uuid CONSTRAINT blackout_pkey PRIMARY KEY,
    town text NOT NULL CONSTRAINT blackout_town_fkey REFERENCES town (ags),
    title text NOT NULL,
    area geometry(Geometry, 25832) NOT NULL,
    period tstzrange NOT NULL,
    pattern jsonb,                            -- season, weekdays, hours as stated
    recurrence tstzmultirange,                -- the pattern expanded inside the period; NULL = the whole period
    refuses text[] NOT NULL,
    cancelled_at timestamptz,                 -- no longer in force; the row stays
    version integer NOT NULL DEFAULT 1,       -- the ETag
    demo boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT blackout_period_not_empty CHECK (NOT isempty(period) AND NOT lower_inf(period)),
    CONSTRAINT blackout_refuses_something CHECK (cardinality(refuses) > 0),
    CONSTRAINT blackout_area_plausible CHECK (NOT ST_IsEmpty(area) AND ST_XMin(area) > 200000
        AND ST_XMax(area) < 1000000 AND ST_YMin(area) > 5200000 AND ST_YMax(area) < 6200000)
);
CREATE INDEX blackout_gist ON blackout USING gist (area, period) WHERE cancelled_at IS NULL;

-- A no-dig period may belong to a segment that was resurfaced, or be drawn by a clerk.
ALTER TABLE no_dig_period
    DROP CONSTRAINT no_dig_period_pkey,
    ADD no_dig_period_id uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD title text,
    ADD cancelled_at timestamptz,
    ADD version integer NOT NULL DEFAULT 1,
    ADD created_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT no_dig_period_pkey PRIMARY KEY (no_dig_period_id),
    ADD CONSTRAINT no_dig_period_segment_unique UNIQUE (segment_gid),
    ADD CONSTRAINT no_dig_period_area_plausible CHECK (NOT ST_IsEmpty(area) AND ST_XMin(area) > 200000
        AND ST_XMax(area) < 1000000 AND ST_YMin(area) > 5200000 AND ST_YMax(area) < 6200000);
ALTER TABLE no_dig_period ALTER segment_gid DROP NOT NULL;

-- Where somebody's own dig was closed again and accepted; its warranty runs from that day.
CREATE TABLE reinstatement (
    reinstatement_id uuid CONSTRAINT reinstatement_pkey PRIMARY KEY,
    town text NOT NULL CONSTRAINT reinstatement_town_fkey REFERENCES town (ags),
    title text NOT NULL,
    area geometry(Geometry, 25832) NOT NULL,
    accepted_on date NOT NULL,
    source_id uuid CONSTRAINT reinstatement_source_unique UNIQUE,   -- the permit or site that dug, if known
    cancelled_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    demo boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT reinstatement_area_plausible CHECK (NOT ST_IsEmpty(area) AND ST_XMin(area) > 200000
        AND ST_XMax(area) < 1000000 AND ST_YMin(area) > 5200000 AND ST_YMax(area) < 6200000)
);
CREATE INDEX reinstatement_gist ON reinstatement USING gist (area) WHERE cancelled_at IS NULL;

ALTER TABLE fire_area
    ADD cancelled_at timestamptz,
    ADD version integer NOT NULL DEFAULT 1;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['blackout', 'reinstatement'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING (true)', name || '_read', name);
        EXECUTE format('CREATE POLICY %I ON %I FOR INSERT WITH CHECK (may_write(town, NULL))', name || '_insert', name);
        EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE USING (may_write(town, NULL)) WITH CHECK (may_write(town, NULL))', name || '_update', name);
        EXECUTE format('CREATE POLICY %I ON %I FOR DELETE USING (may_write(town, NULL))', name || '_delete', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO geo_service_app', name);
    END LOOP;
END $$;
