-- Whose data an imported feature is, beside the feature: several licences demand it (CC BY, dl-de/by).
CREATE FUNCTION attribution_of(wanted_source text) RETURNS text LANGUAGE sql STABLE
AS $$ SELECT attribution FROM site_feed WHERE source = wanted_source $$;

CREATE OR REPLACE FUNCTION construction_site_fragments() RETURNS trigger LANGUAGE plpgsql AS $$
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
        attribution_of(NEW.source) AS attribution,
        NEW.confidence AS confidence, NEW.start_verified AS start_verified, NEW.end_verified AS end_verified,
        NEW.end_known AS end_known, NEW.demo AS demo,
        instant(lower(NEW.period)) AS period_start, instant(upper(NEW.period)) AS period_end,
        first_day(NEW.period) AS "from", last_day(NEW.period) AS until,
        instant(NEW.updated_at) AS updated_at) AS p;
    NEW.fragment_crs84 := feature_fragment(NEW.site_id::text, NEW.area, 4326, properties);
    NEW.fragment_25832 := feature_fragment(NEW.site_id::text, NEW.area, 25832, properties);
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION event_fragments() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE properties json;
BEGIN
    SELECT row_to_json(p) INTO properties FROM (SELECT
        NEW.town AS town, NEW.title AS title, NEW.kind AS kind,
        label_de('event_kind', NEW.kind) AS kind_label_de, label_en('event_kind', NEW.kind) AS kind_label_en,
        NEW.state AS state, label_de('event_state', NEW.state) AS state_label_de, label_en('event_state', NEW.state) AS state_label_en,
        NEW.restriction AS restriction, label_de('restriction', NEW.restriction) AS restriction_label_de,
        label_en('restriction', NEW.restriction) AS restriction_label_en,
        NEW.source AS source, NEW.source_id AS source_id,
        attribution_of(NEW.source) AS attribution, NEW.demo AS demo,
        instant(lower(NEW.period)) AS period_start, instant(upper(NEW.period)) AS period_end,
        first_day(NEW.period) AS "from", last_day(NEW.period) AS until,
        instant(NEW.updated_at) AS updated_at) AS p;
    NEW.fragment_crs84 := feature_fragment(NEW.event_id::text, NEW.area, 4326, properties);
    NEW.fragment_25832 := feature_fragment(NEW.event_id::text, NEW.area, 25832, properties);
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION detour_fragments() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE properties json;
BEGIN
    SELECT row_to_json(p) INTO properties FROM (SELECT
        NEW.town AS town, NEW.title AS title, NEW.modes AS modes, NEW.belongs_to AS belongs_to,
        NEW.state AS state, label_de('site_state', NEW.state) AS state_label_de, label_en('site_state', NEW.state) AS state_label_en,
        NEW.source AS source, NEW.source_id AS source_id,
        attribution_of(NEW.source) AS attribution, NEW.demo AS demo,
        instant(lower(NEW.period)) AS period_start, instant(upper(NEW.period)) AS period_end,
        first_day(NEW.period) AS "from", last_day(NEW.period) AS until,
        instant(NEW.updated_at) AS updated_at) AS p;
    NEW.fragment_crs84 := feature_fragment(NEW.detour_id::text, NEW.way, 4326, properties);
    NEW.fragment_25832 := feature_fragment(NEW.detour_id::text, NEW.way, 25832, properties);
    RETURN NEW;
END $$;
