-- What takes up the street besides permits. Only publishable facts; contacts of people belong to tables under
-- row-level security. `published` is a stored column: a condition inside a view would hide the partial index.

CREATE TABLE construction_site (
    site_id uuid CONSTRAINT construction_site_pkey PRIMARY KEY,
    gid bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT construction_site_gid_unique UNIQUE,
    town text CONSTRAINT construction_site_town_fkey REFERENCES town (ags),
    case_number text,
    title text,
    kind text NOT NULL DEFAULT 'sonstige',
    utility integer,
    excavation boolean NOT NULL DEFAULT false,
    area geometry(Geometry, 25832),
    area_widened boolean NOT NULL DEFAULT false,  -- drawn as a line or a point, widened by its stated or default width
    period tstzrange,
    actual_period tstzrange,
    end_known boolean NOT NULL DEFAULT true,
    start_verified boolean NOT NULL DEFAULT false,
    end_verified boolean NOT NULL DEFAULT false,
    state text NOT NULL,
    is_public boolean NOT NULL DEFAULT true,
    published boolean GENERATED ALWAYS AS (is_public AND state <> 'cancelled' AND state <> 'ended') STORED,
    restriction text NOT NULL DEFAULT 'none',
    takes text[],
    remaining_carriageway_m double precision,
    remaining_footway_m double precision,
    pedestrian_guidance text,
    cycle_guidance text,
    client text,
    source text NOT NULL,
    source_id text,
    confidence text NOT NULL DEFAULT 'unknown',
    stated_street text,                       -- as the source names it
    stated_street_key text,
    street_check text NOT NULL DEFAULT 'unknown',   -- does the place lie in the stated street?
    demo boolean NOT NULL DEFAULT false,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    fragment_crs84 text NOT NULL DEFAULT '',
    fragment_25832 text NOT NULL DEFAULT '',
    CONSTRAINT construction_site_state_known CHECK (state IN ('planned', 'confirmed', 'active', 'ended', 'cancelled')),
    CONSTRAINT construction_site_street_check_known CHECK (street_check IN ('agrees', 'disagrees', 'unknown')),
    CONSTRAINT construction_site_source_unique UNIQUE (source, source_id)
);
CREATE INDEX construction_site_area_gist ON construction_site USING gist (area) WHERE published;

CREATE TABLE event (
    event_id uuid CONSTRAINT event_pkey PRIMARY KEY,
    gid bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT event_gid_unique UNIQUE,
    town text CONSTRAINT event_town_fkey REFERENCES town (ags),
    title text NOT NULL,
    kind text NOT NULL DEFAULT 'sonstige',
    area geometry(Geometry, 25832),
    period tstzrange,                         -- with set-up and clearing
    state text NOT NULL,
    published boolean GENERATED ALWAYS AS (state = 'granted') STORED,
    restriction text NOT NULL DEFAULT 'none',
    source text NOT NULL,
    source_id text,
    demo boolean NOT NULL DEFAULT false,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    fragment_crs84 text NOT NULL DEFAULT '',
    fragment_25832 text NOT NULL DEFAULT '',
    CONSTRAINT event_state_known CHECK (state IN ('planned', 'granted', 'cancelled', 'ended')),
    CONSTRAINT event_source_unique UNIQUE (source, source_id)
);
CREATE INDEX event_area_gist ON event USING gist (area) WHERE published;

CREATE TABLE detour (
    detour_id uuid CONSTRAINT detour_pkey PRIMARY KEY,
    gid bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT detour_gid_unique UNIQUE,
    town text CONSTRAINT detour_town_fkey REFERENCES town (ags),
    title text,
    way geometry(Geometry, 25832),
    modes text[] NOT NULL DEFAULT '{car}',
    period tstzrange,
    state text NOT NULL,
    published boolean GENERATED ALWAYS AS (state IN ('confirmed', 'active')) STORED,
    belongs_to uuid,                          -- the site, event or permit that needs it
    source text NOT NULL,
    source_id text,
    demo boolean NOT NULL DEFAULT false,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    fragment_crs84 text NOT NULL DEFAULT '',
    fragment_25832 text NOT NULL DEFAULT '',
    CONSTRAINT detour_state_known CHECK (state IN ('planned', 'confirmed', 'active', 'ended', 'cancelled')),
    CONSTRAINT detour_source_unique UNIQUE (source, source_id)
);
CREATE INDEX detour_way_gist ON detour USING gist (way) WHERE published;

-- Where imported sites come from, and what was delivered last time: the counts of an import are those of its raw
-- records, refused ones included, so they are kept beside the sites. Nothing here is private.
CREATE TABLE site_feed (
    source text CONSTRAINT site_feed_pkey PRIMARY KEY,
    title text NOT NULL,
    attribution text NOT NULL,
    licence text NOT NULL,
    url text,
    last_file text,
    last_snapshot timestamptz,
    report jsonb,                             -- of the last import, for people
    imported_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE site_feed_record (
    source text NOT NULL CONSTRAINT site_feed_record_feed_fkey REFERENCES site_feed ON DELETE CASCADE,
    source_id text NOT NULL,
    raw_hash text NOT NULL,                   -- of the record as delivered, before repair or refusal
    profile_hash text NOT NULL,               -- of the profile it was read with
    town text CONSTRAINT site_feed_record_town_fkey REFERENCES town (ags),
    site_id uuid,                             -- NULL = refused from the start
    held boolean NOT NULL DEFAULT false,      -- meant to be binding, kept planned because of a blocking finding
    refused text,                             -- why it could not be read
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    gone_since timestamptz,
    CONSTRAINT site_feed_record_pkey PRIMARY KEY (source, source_id)
);

-- The published part of a permit and nothing else; written by the trigger on `permit`, so it cannot be forgotten.
CREATE TABLE published_permit (
    permit_id uuid CONSTRAINT published_permit_pkey PRIMARY KEY,
    gid bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT published_permit_gid_unique UNIQUE,
    town text NOT NULL CONSTRAINT published_permit_town_fkey REFERENCES town (ags),
    reference text NOT NULL,
    use_type text NOT NULL,
    status text NOT NULL,
    area geometry(Geometry, 25832) NOT NULL,
    area_m2 double precision,
    period tstzrange NOT NULL,
    restriction text NOT NULL,
    demo boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL,
    fragment_crs84 text NOT NULL DEFAULT '',
    fragment_25832 text NOT NULL DEFAULT ''
);
CREATE INDEX published_permit_area_gist ON published_permit USING gist (area);

CREATE FUNCTION construction_site_fragments() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE properties json;
BEGIN
    SELECT row_to_json(p) INTO properties FROM (SELECT
        NEW.town AS town, NEW.case_number AS case_number, NEW.title AS title,
        NEW.kind AS kind, label_de('kind', NEW.kind) AS kind_label_de, label_en('kind', NEW.kind) AS kind_label_en,
        NEW.utility AS utility, NEW.excavation AS excavation,
        NEW.state AS state, label_de('site_state', NEW.state) AS state_label_de, label_en('site_state', NEW.state) AS state_label_en,
        NEW.restriction AS restriction, label_de('restriction', NEW.restriction) AS restriction_label_de,
        label_en('restriction', NEW.restriction) AS restriction_label_en,
        NEW.takes AS takes, NEW.remaining_carriageway_m AS remaining_carriageway_m,
        NEW.remaining_footway_m AS remaining_footway_m, NEW.pedestrian_guidance AS pedestrian_guidance,
        NEW.cycle_guidance AS cycle_guidance, NEW.client AS client, NEW.source AS source, NEW.source_id AS source_id,
        NEW.confidence AS confidence, NEW.start_verified AS start_verified, NEW.end_verified AS end_verified,
        NEW.end_known AS end_known, NEW.demo AS demo,
        instant(lower(NEW.period)) AS period_start, instant(upper(NEW.period)) AS period_end,
        first_day(NEW.period) AS "from", last_day(NEW.period) AS until,
        instant(NEW.updated_at) AS updated_at) AS p;
    NEW.fragment_crs84 := feature_fragment(NEW.site_id::text, NEW.area, 4326, properties);
    NEW.fragment_25832 := feature_fragment(NEW.site_id::text, NEW.area, 25832, properties);
    RETURN NEW;
END $$;
CREATE TRIGGER construction_site_fragments BEFORE INSERT OR UPDATE ON construction_site FOR EACH ROW EXECUTE FUNCTION construction_site_fragments();

CREATE FUNCTION event_fragments() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE properties json;
BEGIN
    SELECT row_to_json(p) INTO properties FROM (SELECT
        NEW.town AS town, NEW.title AS title, NEW.kind AS kind,
        label_de('event_kind', NEW.kind) AS kind_label_de, label_en('event_kind', NEW.kind) AS kind_label_en,
        NEW.state AS state, label_de('event_state', NEW.state) AS state_label_de, label_en('event_state', NEW.state) AS state_label_en,
        NEW.restriction AS restriction, label_de('restriction', NEW.restriction) AS restriction_label_de,
        label_en('restriction', NEW.restriction) AS restriction_label_en,
        NEW.source AS source, NEW.source_id AS source_id, NEW.demo AS demo,
        instant(lower(NEW.period)) AS period_start, instant(upper(NEW.period)) AS period_end,
        first_day(NEW.period) AS "from", last_day(NEW.period) AS until,
        instant(NEW.updated_at) AS updated_at) AS p;
    NEW.fragment_crs84 := feature_fragment(NEW.event_id::text, NEW.area, 4326, properties);
    NEW.fragment_25832 := feature_fragment(NEW.event_id::text, NEW.area, 25832, properties);
    RETURN NEW;
END $$;
CREATE TRIGGER event_fragments BEFORE INSERT OR UPDATE ON event FOR EACH ROW EXECUTE FUNCTION event_fragments();

CREATE FUNCTION detour_fragments() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE properties json;
BEGIN
    SELECT row_to_json(p) INTO properties FROM (SELECT
        NEW.town AS town, NEW.title AS title, NEW.modes AS modes, NEW.belongs_to AS belongs_to,
        NEW.state AS state, label_de('site_state', NEW.state) AS state_label_de, label_en('site_state', NEW.state) AS state_label_en,
        NEW.source AS source, NEW.source_id AS source_id, NEW.demo AS demo,
        instant(lower(NEW.period)) AS period_start, instant(upper(NEW.period)) AS period_end,
        first_day(NEW.period) AS "from", last_day(NEW.period) AS until,
        instant(NEW.updated_at) AS updated_at) AS p;
    NEW.fragment_crs84 := feature_fragment(NEW.detour_id::text, NEW.way, 4326, properties);
    NEW.fragment_25832 := feature_fragment(NEW.detour_id::text, NEW.way, 25832, properties);
    RETURN NEW;
END $$;
CREATE TRIGGER detour_fragments BEFORE INSERT OR UPDATE ON detour FOR EACH ROW EXECUTE FUNCTION detour_fragments();

CREATE FUNCTION published_permit_fragments() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE properties json;
BEGIN
    SELECT row_to_json(p) INTO properties FROM (SELECT
        NEW.reference AS reference, NEW.town AS town,
        NEW.use_type AS use_type, label_de('use_type', NEW.use_type) AS use_type_label_de,
        label_en('use_type', NEW.use_type) AS use_type_label_en,
        NEW.status AS status, label_de('permit_status', NEW.status) AS status_label_de,
        label_en('permit_status', NEW.status) AS status_label_en,
        round(NEW.area_m2::numeric, 2) AS area_m2, NEW.restriction AS restriction,
        label_de('restriction', NEW.restriction) AS restriction_label_de,
        label_en('restriction', NEW.restriction) AS restriction_label_en,
        instant(lower(NEW.period)) AS period_start, instant(upper(NEW.period)) AS period_end,
        first_day(NEW.period) AS "from", last_day(NEW.period) AS until,
        NEW.demo AS demo, instant(NEW.updated_at) AS updated_at) AS p;
    NEW.fragment_crs84 := feature_fragment(NEW.permit_id::text, NEW.area, 4326, properties);
    NEW.fragment_25832 := feature_fragment(NEW.permit_id::text, NEW.area, 25832, properties);
    RETURN NEW;
END $$;
CREATE TRIGGER published_permit_fragments BEFORE INSERT OR UPDATE ON published_permit FOR EACH ROW EXECUTE FUNCTION published_permit_fragments();

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['site_feed', 'site_feed_record'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING (true)', name || '_read', name);
        EXECUTE format('CREATE POLICY %I ON %I USING (current_actor() = ''operator'')'
                       ' WITH CHECK (current_actor() = ''operator'')', name || '_import', name);
    END LOOP;
END $$;

-- Reads are for everyone, writes for the own town (row-level security with a constant true on reads keeps the index).
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['road_segment', 'construction_site', 'event', 'detour', 'published_permit'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING (true)', name || '_read', name);
        EXECUTE format('CREATE POLICY %I ON %I FOR INSERT WITH CHECK (may_write(town, %s))', name || '_insert', name,
                       CASE name WHEN 'published_permit' THEN 'permit_id' ELSE 'NULL' END);
        EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE USING (may_write(town, %s))', name || '_update', name,
                       CASE name WHEN 'published_permit' THEN 'permit_id' ELSE 'NULL' END);
        EXECUTE format('CREATE POLICY %I ON %I FOR DELETE USING (may_write(town, %s))', name || '_delete', name,
                       CASE name WHEN 'published_permit' THEN 'permit_id' ELSE 'NULL' END);
    END LOOP;
END $$;
