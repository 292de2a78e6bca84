-- The one space-time fact that permit requests, permits, sites, events and detours share, and the only
-- thing conflict rules compare. Nothing private is in it; reads carry no row-level security, because that
-- would switch the GiST index off (&& is not leakproof). Writes are for the own town or case.
CREATE TABLE occupation (
    occupation_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT occupation_pkey PRIMARY KEY,
    town text CONSTRAINT occupation_town_fkey REFERENCES town (ags),
    collection text NOT NULL,
    source_id uuid NOT NULL,
    case_group uuid NOT NULL,                 -- an amendment and its parent, or what was declared to belong together
    reference text,
    label text,
    state text NOT NULL,
    counts boolean NOT NULL,
    binding boolean NOT NULL,
    published boolean NOT NULL,
    use_type text,
    kind text,
    area geometry(Geometry, 25832),
    detour geometry(Geometry, 25832),
    detour_segments bigint[],
    height_from_m double precision,
    height_to_m double precision,
    period tstzrange NOT NULL,
    end_known boolean NOT NULL DEFAULT true,
    recurrence tstzmultirange,                -- expanded inside the period; NULL = the whole period
    filed_at timestamptz NOT NULL DEFAULT now(),
    exclusive boolean NOT NULL,
    excavation boolean NOT NULL DEFAULT false,
    restriction text NOT NULL DEFAULT 'none',
    takes text[],                             -- of carriageway, footway, cycleway, parking; NULL = not known
    takes_derived boolean NOT NULL DEFAULT false,
    remaining_carriageway_m double precision,
    remaining_footway_m double precision,
    pedestrian_guidance text,
    cycle_guidance text,
    area_m2 double precision,
    area_declared_m2 double precision,
    consents text[] NOT NULL DEFAULT '{}',
    traffic_order_period tstzrange,
    traffic_order_area geometry(Geometry, 25832),
    utility integer,
    party uuid,                               -- random id of the applicant record, nulled by anonymisation, never published
    town_chosen text,                         -- the applicant's choice where two towns are possible
    demo boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT occupation_collection_known CHECK (collection IN ('permits', 'construction_sites', 'events', 'detours')),
    CONSTRAINT occupation_period_not_empty CHECK (NOT isempty(period) AND NOT lower_inf(period)),
    CONSTRAINT occupation_period_half_open CHECK (lower_inc(period) AND NOT upper_inc(period)),
    CONSTRAINT occupation_open_end_is_unknown CHECK (upper_inf(period) = (NOT end_known)),
    CONSTRAINT occupation_somewhere CHECK (area IS NOT NULL OR detour IS NOT NULL),
    CONSTRAINT occupation_area_plausible CHECK (area IS NULL OR (
        NOT ST_IsEmpty(area) AND ST_XMin(area) > 200000 AND ST_XMax(area) < 1000000
        AND ST_YMin(area) > 5200000 AND ST_YMax(area) < 6200000)),
    CONSTRAINT occupation_detour_plausible CHECK (detour IS NULL OR (
        NOT ST_IsEmpty(detour) AND ST_XMin(detour) > 200000 AND ST_XMax(detour) < 1000000
        AND ST_YMin(detour) > 5200000 AND ST_YMax(detour) < 6200000)),
    CONSTRAINT occupation_heights_in_order CHECK (height_to_m IS NULL OR coalesce(height_from_m, 0) < height_to_m),
    CONSTRAINT occupation_binding_counts CHECK (counts OR NOT binding)
);
CREATE INDEX occupation_area_gist ON occupation USING gist (area, period) WHERE counts;
CREATE INDEX occupation_detour_gist ON occupation USING gist (detour, period) WHERE counts AND detour IS NOT NULL;
CREATE INDEX occupation_source ON occupation (source_id);
CREATE INDEX occupation_case_group ON occupation (case_group);

CREATE TABLE occupation_segment (
    occupation_id bigint NOT NULL CONSTRAINT occupation_segment_occupation_fkey REFERENCES occupation ON DELETE CASCADE,
    segment_gid bigint NOT NULL CONSTRAINT occupation_segment_segment_fkey REFERENCES road_segment (gid),
    from_m double precision NOT NULL,
    to_m double precision NOT NULL,
    side text NOT NULL,                       -- left, right, both, axis
    takes text[] NOT NULL DEFAULT '{}',
    CONSTRAINT occupation_segment_pkey PRIMARY KEY (occupation_id, segment_gid)
);
CREATE INDEX occupation_segment_by_segment ON occupation_segment (segment_gid);

ALTER TABLE occupation ENABLE ROW LEVEL SECURITY;
ALTER TABLE occupation FORCE ROW LEVEL SECURITY;
CREATE POLICY occupation_read ON occupation FOR SELECT USING (true);
CREATE POLICY occupation_insert ON occupation FOR INSERT WITH CHECK (may_write(town, source_id));
CREATE POLICY occupation_update ON occupation FOR UPDATE USING (may_write(town, source_id)) WITH CHECK (may_write(town, source_id));
CREATE POLICY occupation_delete ON occupation FOR DELETE USING (may_write(town, source_id));
