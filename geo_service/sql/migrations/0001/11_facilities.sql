-- What works in the street must spare: schools, hospitals, fire stations, stops, hydrants, areas of the fire brigade.
-- Everybody reads them; a desk writes those of its own town, the operator (imports) all.
CREATE TABLE facility (
    facility_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT facility_pkey PRIMARY KEY,
    kind text NOT NULL,
    name text,
    place geometry(Geometry, 25832) NOT NULL,      -- a point, or the grounds as drawn
    town text CONSTRAINT facility_town_fkey REFERENCES town (ags),
    source text NOT NULL,
    source_id text NOT NULL,
    demo boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT facility_source_unique UNIQUE (source, source_id),
    CONSTRAINT facility_kind_known CHECK (kind IN ('school', 'kindergarten', 'hospital', 'fire_station',
        'rescue_station', 'police', 'bus_stop', 'hydrant')),
    CONSTRAINT facility_place_plausible CHECK (NOT ST_IsEmpty(place) AND ST_XMin(place) > 200000
        AND ST_XMax(place) < 1000000 AND ST_YMin(place) > 5200000 AND ST_YMax(place) < 6200000)
);
CREATE INDEX facility_place_gist ON facility USING gist (place);
CREATE INDEX facility_town ON facility (town, kind);

-- DIN 14090: where the fire brigade drives, sets up its ladder and works.
CREATE TABLE fire_area (
    fire_area_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT fire_area_pkey PRIMARY KEY,
    kind text NOT NULL,
    name text,
    place geometry(Geometry, 25832) NOT NULL,
    town text CONSTRAINT fire_area_town_fkey REFERENCES town (ags),
    source text NOT NULL,
    source_id text NOT NULL,
    demo boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT fire_area_source_unique UNIQUE (source, source_id),
    CONSTRAINT fire_area_kind_known CHECK (kind IN ('drive', 'stand', 'movement', 'unknown')),
    CONSTRAINT fire_area_place_plausible CHECK (ST_Dimension(place) = 2 AND NOT ST_IsEmpty(place)
        AND ST_XMin(place) > 200000 AND ST_XMax(place) < 1000000
        AND ST_YMin(place) > 5200000 AND ST_YMax(place) < 6200000)
);
CREATE INDEX fire_area_place_gist ON fire_area USING gist (place);

-- A line of a bus company. Its way is that of the segments it drives on; a network that is cut anew is matched anew.
CREATE TABLE bus_route (
    route_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT bus_route_pkey PRIMARY KEY,
    line_number text,
    name text,
    operator text,
    road_source text NOT NULL,
    road_lines text[] NOT NULL,                    -- source ids of the road lines it drives on, in order
    source text NOT NULL,
    source_id text NOT NULL,
    demo boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT bus_route_source_unique UNIQUE (source, source_id)
);

CREATE TABLE bus_route_segment (
    route_id bigint NOT NULL CONSTRAINT bus_route_segment_route_fkey REFERENCES bus_route ON DELETE CASCADE,
    segment_gid bigint NOT NULL CONSTRAINT bus_route_segment_segment_fkey REFERENCES road_segment (gid) ON DELETE CASCADE,
    CONSTRAINT bus_route_segment_pkey PRIMARY KEY (route_id, segment_gid)
);
CREATE INDEX bus_route_segment_by_segment ON bus_route_segment (segment_gid);

DO $$
DECLARE name text; allowed text;
BEGIN
    FOREACH name IN ARRAY ARRAY['facility', 'fire_area', 'bus_route', 'bus_route_segment'] LOOP
        allowed := CASE WHEN name IN ('facility', 'fire_area') THEN 'may_write(town, NULL)'
                        ELSE 'current_actor() = ''operator''' END;   -- a bus drives through many towns
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING (true)', name || '_read', name);
        EXECUTE format('CREATE POLICY %I ON %I FOR INSERT WITH CHECK (%s)', name || '_insert', name, allowed);
        EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE USING (%s)', name || '_update', name, allowed);
        EXECUTE format('CREATE POLICY %I ON %I FOR DELETE USING (%s)', name || '_delete', name, allowed);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO geo_service_app', name);
    END LOOP;
END $$;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO geo_service_app;
