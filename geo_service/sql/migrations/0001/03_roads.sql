CREATE TABLE road_node (
    node_id bigint CONSTRAINT road_node_pkey PRIMARY KEY,
    source text NOT NULL,
    source_id text NOT NULL,
    place geometry(Point, 25832) NOT NULL,
    CONSTRAINT road_node_source_unique UNIQUE (source, source_id)
);
CREATE SEQUENCE road_node_id OWNED BY road_node.node_id;

CREATE TABLE road_segment (
    gid bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT road_segment_gid_pkey PRIMARY KEY,
    segment_id text NOT NULL CONSTRAINT road_segment_id_unique UNIQUE,   -- stable across re-imports
    town text CONSTRAINT road_segment_town_fkey REFERENCES town (ags),
    street_name text,
    street_key text,
    road_class text NOT NULL,
    road_number text,
    highway text,
    road_owner text,
    within_built_up_area boolean,
    axis geometry(LineString, 25832) NOT NULL,
    length_m double precision GENERATED ALWAYS AS (ST_Length(axis)) STORED,
    start_node bigint,
    end_node bigint,
    carriageway_width_m double precision,
    footway_width_left_m double precision,
    footway_width_right_m double precision,
    cycleway_kind text,
    cycleway_width_m double precision,
    parking_lane text,
    lane_count integer,
    one_way text NOT NULL DEFAULT 'no',        -- no, forward, backward (along the axis)
    max_speed_kmh integer,
    modes text[] NOT NULL DEFAULT '{}',        -- of car, bicycle, foot, bus
    in_service boolean NOT NULL,
    network_function text[] NOT NULL DEFAULT '{}',
    width_source text NOT NULL,                -- measured, tagged, assumed: the weakest of the widths
    carriageway_width_source text,             -- measured: from drawn areas, and no import takes it back; else NULL
    functions_set_by text,                     -- the town (AGS) that set network_function; imports leave it then
    surface_completed_on date,
    source text NOT NULL,
    source_id text NOT NULL,
    demo boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now(),
    fragment_crs84 text NOT NULL DEFAULT '',
    fragment_25832 text NOT NULL DEFAULT '',
    CONSTRAINT road_segment_class_known CHECK (road_class IN ('bundesstrasse', 'landesstrasse', 'kreisstrasse', 'gemeindestrasse', 'sonstige')),
    CONSTRAINT road_segment_one_way_known CHECK (one_way IN ('no', 'forward', 'backward')),
    CONSTRAINT road_segment_width_source_known CHECK (width_source IN ('measured', 'tagged', 'assumed')),
    CONSTRAINT road_segment_carriageway_source_known CHECK (carriageway_width_source = 'measured'),
    CONSTRAINT road_segment_axis_not_empty CHECK (NOT ST_IsEmpty(axis)),
    CONSTRAINT road_segment_axis_plausible CHECK (
        ST_XMin(axis) > 200000 AND ST_XMax(axis) < 1000000 AND ST_YMin(axis) > 5200000 AND ST_YMax(axis) < 6200000)
);
CREATE INDEX road_segment_axis_gist ON road_segment USING gist (axis);
CREATE INDEX road_segment_town ON road_segment (town);

-- Half the width that belongs to the street, footways and cycle tracks included: what an area must come near to touch
-- the segment. A cycle track lies beside the carriageway, lanes lie on it, a cycleway of its own lies over the axis.
CREATE FUNCTION half_street_width_m(segment road_segment) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT coalesce(segment.carriageway_width_m, 0) / 2
           + greatest(coalesce(segment.footway_width_left_m, 0), coalesce(segment.footway_width_right_m, 0))
           + CASE segment.cycleway_kind
                 WHEN 'track' THEN coalesce(segment.cycleway_width_m, 0)
                 WHEN 'own_way' THEN coalesce(segment.cycleway_width_m, 0) / 2
                 WHEN 'segregated_path' THEN coalesce(segment.cycleway_width_m, 0) / 2
                 ELSE 0
             END $$;

CREATE FUNCTION road_segment_fragments() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE properties json;
BEGIN
    SELECT row_to_json(p) INTO properties FROM (SELECT
        NEW.town AS town, NEW.street_name AS street_name, NEW.street_key AS street_key,
        NEW.road_class AS road_class, label_de('road_class', NEW.road_class) AS road_class_label_de,
        label_en('road_class', NEW.road_class) AS road_class_label_en,
        NEW.road_number AS road_number, NEW.highway AS highway,
        NEW.road_owner AS road_owner, label_de('road_owner', NEW.road_owner) AS road_owner_label_de,
        label_en('road_owner', NEW.road_owner) AS road_owner_label_en,
        NEW.within_built_up_area AS within_built_up_area,
        round(ST_Length(NEW.axis)::numeric, 2) AS length_m,
        NEW.start_node AS start_node, NEW.end_node AS end_node,
        round(NEW.carriageway_width_m::numeric, 2) AS carriageway_width_m, round(NEW.footway_width_left_m::numeric, 2) AS footway_width_left_m,
        round(NEW.footway_width_right_m::numeric, 2) AS footway_width_right_m, NEW.cycleway_kind AS cycleway_kind,
        round(NEW.cycleway_width_m::numeric, 2) AS cycleway_width_m, NEW.parking_lane AS parking_lane,
        NEW.width_source AS width_source, label_de('width_source', NEW.width_source) AS width_source_label_de,
        label_en('width_source', NEW.width_source) AS width_source_label_en,
        NEW.lane_count AS lane_count, NEW.one_way AS one_way, NEW.max_speed_kmh AS max_speed_kmh,
        NEW.modes AS modes, NEW.in_service AS in_service, NEW.network_function AS network_function,
        NEW.surface_completed_on AS surface_completed_on, NEW.source AS source, NEW.source_id AS source_id,
        NEW.demo AS demo,
        NULL::text AS period_start, NULL::text AS period_end, NULL::date AS "from", NULL::date AS until,
        instant(NEW.updated_at) AS updated_at) AS p;
    NEW.fragment_crs84 := feature_fragment(NEW.segment_id, NEW.axis, 4326, properties);
    NEW.fragment_25832 := feature_fragment(NEW.segment_id, NEW.axis, 25832, properties);
    RETURN NEW;
END $$;
CREATE TRIGGER road_segment_fragments BEFORE INSERT OR UPDATE ON road_segment FOR EACH ROW EXECUTE FUNCTION road_segment_fragments();

-- After resurfacing a street is not dug up for some years (no_dig_period_years). One for each segment with a known date.
CREATE TABLE no_dig_period (
    segment_gid bigint CONSTRAINT no_dig_period_pkey PRIMARY KEY
        CONSTRAINT no_dig_period_segment_fkey REFERENCES road_segment (gid) ON DELETE CASCADE,
    area geometry(Geometry, 25832) NOT NULL,
    period tstzrange NOT NULL,
    town text CONSTRAINT no_dig_period_town_fkey REFERENCES town (ags),
    source text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT no_dig_period_not_empty CHECK (NOT isempty(period))
);
CREATE INDEX no_dig_period_gist ON no_dig_period USING gist (area, period);
ALTER TABLE no_dig_period ENABLE ROW LEVEL SECURITY;
ALTER TABLE no_dig_period FORCE ROW LEVEL SECURITY;
CREATE POLICY no_dig_period_read ON no_dig_period FOR SELECT USING (true);
CREATE POLICY no_dig_period_insert ON no_dig_period FOR INSERT WITH CHECK (may_write(town, NULL));
CREATE POLICY no_dig_period_update ON no_dig_period FOR UPDATE USING (may_write(town, NULL)) WITH CHECK (may_write(town, NULL));
CREATE POLICY no_dig_period_delete ON no_dig_period FOR DELETE USING (may_write(town, NULL));
