-- What clerks enter and change on their own map: sites, events, detours, blackouts, no-dig periods, reinstatements and
-- areas of the fire brigade, and who changed what.

-- `pattern`: season, weekdays and hours as stated (nightly works); what they mean inside the period is in occupation.
ALTER TABLE construction_site
    ADD pattern jsonb,
    ADD contractor text,
    ADD traffic_order jsonb,                  -- number, authority and period of the order under StVO § 45 (6)
    ADD consents text[] NOT NULL DEFAULT '{}',
    ADD detour geometry(Geometry, 25832),     -- as drawn with the site; signed ones are detours of their own
    ADD closed_segments text[] NOT NULL DEFAULT '{}',
    ADD public_transport_affected boolean,
    ADD accepted_on date,                     -- the day on which the closed dig was accepted
    ADD created_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT construction_site_detour_plausible CHECK (detour IS NULL OR (
        NOT ST_IsEmpty(detour) AND ST_XMin(detour) > 200000 AND ST_XMax(detour) < 1000000
        AND ST_YMin(detour) > 5200000 AND ST_YMax(detour) < 6200000));

-- `period` holds set-up and clearing; `held` is the event itself.
ALTER TABLE event
    ADD pattern jsonb,
    ADD held tstzrange,
    ADD set_up_hours double precision NOT NULL DEFAULT 0,
    ADD clearing_hours double precision NOT NULL DEFAULT 0,
    ADD organiser text,
    ADD traffic_order jsonb,
    ADD consents text[] NOT NULL DEFAULT '{}',
    ADD detour geometry(Geometry, 25832),
    ADD closed_segments text[] NOT NULL DEFAULT '{}',
    ADD created_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT event_hours_not_negative CHECK (set_up_hours >= 0 AND clearing_hours >= 0),
    ADD CONSTRAINT event_detour_plausible CHECK (detour IS NULL OR (
        NOT ST_IsEmpty(detour) AND ST_XMin(detour) > 200000 AND ST_XMax(detour) < 1000000
        AND ST_YMin(detour) > 5200000 AND ST_YMax(detour) < 6200000));

ALTER TABLE detour ADD created_at timestamptz NOT NULL DEFAULT now();

-- Imported areas are known by a number, those of a desk by this id; both have it.
ALTER TABLE fire_area
    ADD object_id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT fire_area_object_unique UNIQUE,
    ADD created_at timestamptz NOT NULL DEFAULT now();

-- A desk's list begins with what was changed last.
CREATE INDEX construction_site_of_town ON construction_site (town, updated_at DESC, site_id DESC);
CREATE INDEX event_of_town ON event (town, updated_at DESC, event_id DESC);
CREATE INDEX detour_of_town ON detour (town, updated_at DESC, detour_id DESC);
CREATE INDEX blackout_of_town ON blackout (town, updated_at DESC, blackout_id DESC);
CREATE INDEX no_dig_period_of_town ON no_dig_period (town, updated_at DESC, no_dig_period_id DESC);
CREATE INDEX reinstatement_of_town ON reinstatement (town, updated_at DESC, reinstatement_id DESC);
CREATE INDEX fire_area_of_town ON fire_area (town, updated_at DESC, object_id DESC);

-- Whom to call at night: for the desk of the town only, never published.
CREATE TABLE site_contact (
    site_id uuid CONSTRAINT site_contact_pkey PRIMARY KEY
        CONSTRAINT site_contact_site_fkey REFERENCES construction_site (site_id) ON DELETE CASCADE,
    town text NOT NULL CONSTRAINT site_contact_town_fkey REFERENCES town (ags),
    phone_24h text NOT NULL
);
ALTER TABLE site_contact ENABLE ROW LEVEL SECURITY;
ALTER TABLE site_contact FORCE ROW LEVEL SECURITY;
CREATE POLICY site_contact_own ON site_contact USING (town = current_town()) WITH CHECK (town = current_town());
GRANT SELECT, INSERT, UPDATE, DELETE ON site_contact TO geo_service_app;

-- Who changed what, and when; it only grows. `document` is the object as it was stored by that change, without contacts.
CREATE TABLE object_change (
    change_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT object_change_pkey PRIMARY KEY,
    collection text NOT NULL,
    object_id uuid NOT NULL,
    town text NOT NULL CONSTRAINT object_change_town_fkey REFERENCES town (ags),
    at timestamptz NOT NULL,
    actor_role text NOT NULL,
    actor_name text NOT NULL,
    deed text NOT NULL,
    state text NOT NULL,                      -- after the change
    fields text[] NOT NULL DEFAULT '{}',      -- what is different from before
    document jsonb NOT NULL,
    CONSTRAINT object_change_deed_known CHECK (deed IN ('created', 'changed', 'cancelled'))
);
CREATE INDEX object_change_of_object ON object_change (object_id, change_id);
ALTER TABLE object_change ENABLE ROW LEVEL SECURITY;
ALTER TABLE object_change FORCE ROW LEVEL SECURITY;
CREATE POLICY object_change_own ON object_change USING (town = current_town()) WITH CHECK (town = current_town());
GRANT SELECT, INSERT ON object_change TO geo_service_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO geo_service_app;
