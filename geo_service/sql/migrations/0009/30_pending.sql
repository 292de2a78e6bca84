-- What a key of a town may see of its requests before they are decided: the columns that a permit publishes, and no other.
-- It stands in a table of its own, as what is published does, so that nobody who looks at it opens a case.

CREATE FUNCTION current_reader_town() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.reader_town', true), '') $$;
COMMENT ON FUNCTION current_reader_town() IS 'AGS of the town whose undecided requests are read with a key, or NULL.';

CREATE FUNCTION is_undecided(status text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT status IN ('submitted', 'in_review', 'more_information_needed', 'in_consultation') $$;
COMMENT ON FUNCTION is_undecided(text) IS 'Filed, and neither decided nor taken back; a draft is not filed.';

CREATE TABLE pending_permit (
    permit_id uuid CONSTRAINT pending_permit_pkey PRIMARY KEY
        CONSTRAINT pending_permit_permit_fkey REFERENCES permit (permit_id) ON DELETE CASCADE,
    gid bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pending_permit_gid_unique UNIQUE,
    town text NOT NULL CONSTRAINT pending_permit_town_fkey REFERENCES town (ags),
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
COMMENT ON TABLE pending_permit IS 'Written by the trigger on permit only. No spatial index: row-level security would keep it from being used.';
CREATE INDEX pending_permit_town ON pending_permit (town, gid);

-- The feature as the collection shows it; the same properties as those of a published permit.
CREATE FUNCTION pending_permit_fragments() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER pending_permit_fragments BEFORE INSERT OR UPDATE ON pending_permit FOR EACH ROW EXECUTE FUNCTION pending_permit_fragments();

-- Whoever may write the case may have its row written; read is also what a key of the town looks at.
ALTER TABLE pending_permit ENABLE ROW LEVEL SECURITY;
ALTER TABLE pending_permit FORCE ROW LEVEL SECURITY;
CREATE POLICY pending_permit_own ON pending_permit USING (town = current_town() OR permit_id = current_case())
    WITH CHECK (town = current_town() OR permit_id = current_case());
CREATE POLICY pending_permit_key ON pending_permit FOR SELECT USING (town = current_reader_town());
GRANT SELECT ON pending_permit TO geo_service_app;

-- What a town does not publish when it is granted (a move says where somebody lives) is not shown before either.
CREATE FUNCTION permit_pending() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE uses jsonb;
BEGIN
    SELECT settings -> 'published_uses_except' INTO uses FROM town WHERE ags = NEW.town;
    IF is_undecided(NEW.status) AND NOT coalesce(uses, '["umzug_halteverbot"]'::jsonb) ? NEW.use_type THEN
        INSERT INTO pending_permit (permit_id, town, reference, use_type, status, area, area_m2, period, restriction, demo, updated_at)
        VALUES (NEW.permit_id, NEW.town, NEW.reference, NEW.use_type, NEW.status, NEW.area, NEW.area_m2, NEW.period,
                NEW.restriction, NEW.demo, NEW.updated_at)
        ON CONFLICT (permit_id) DO UPDATE SET town = EXCLUDED.town, reference = EXCLUDED.reference, use_type = EXCLUDED.use_type,
            status = EXCLUDED.status, area = EXCLUDED.area, area_m2 = EXCLUDED.area_m2, period = EXCLUDED.period,
            restriction = EXCLUDED.restriction, demo = EXCLUDED.demo, updated_at = EXCLUDED.updated_at;
    ELSE
        DELETE FROM pending_permit WHERE permit_id = NEW.permit_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER permit_pending_filed AFTER INSERT ON permit FOR EACH ROW
WHEN (is_undecided(NEW.status)) EXECUTE FUNCTION permit_pending();
CREATE TRIGGER permit_pending_changed AFTER UPDATE ON permit FOR EACH ROW
WHEN (is_undecided(OLD.status) OR is_undecided(NEW.status)) EXECUTE FUNCTION permit_pending();

-- What is undecided already; town by town, for the owner too reads cases only as somebody's.
DO $$
DECLARE one record; before text := current_setting('app.town', true);
BEGIN
    FOR one IN SELECT ags, coalesce(settings -> 'published_uses_except', '["umzug_halteverbot"]'::jsonb) AS uses FROM town LOOP
        PERFORM set_config('app.town', one.ags, true);
        INSERT INTO pending_permit (permit_id, town, reference, use_type, status, area, area_m2, period, restriction, demo, updated_at)
        SELECT permit_id, town, reference, use_type, status, area, area_m2, period, restriction, demo, updated_at
        FROM permit
        WHERE town = one.ags AND is_undecided(status) AND NOT one.uses ? use_type;
    END LOOP;
    PERFORM set_config('app.town', coalesce(before, ''), true);
END $$;
