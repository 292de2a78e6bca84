CREATE TABLE town (
    ags text CONSTRAINT town_pkey PRIMARY KEY,
    gid bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT town_gid_unique UNIQUE,
    slug text NOT NULL CONSTRAINT town_slug_unique UNIQUE,
    name text NOT NULL,
    kind text NOT NULL,                        -- Stadt, Gemeinde, gemeindefreies Gebiet
    boundary geometry(MultiPolygon, 25832) NOT NULL,
    boundary_accuracy_m double precision NOT NULL,
    attribution text NOT NULL,
    reference_prefix text CONSTRAINT town_reference_prefix_unique UNIQUE,
    accepts_requests boolean NOT NULL DEFAULT false,
    demo boolean NOT NULL DEFAULT false,
    settings jsonb NOT NULL DEFAULT '{}',      -- texts, published uses, working address; see towns/folder.py
    updated_at timestamptz NOT NULL DEFAULT now(),
    fragment_crs84 text NOT NULL DEFAULT '',
    fragment_25832 text NOT NULL DEFAULT '',
    CONSTRAINT town_ags_eight_digits CHECK (ags ~ '^[0-9]{8}$'),
    CONSTRAINT town_slug_form CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT town_boundary_plausible CHECK (
        ST_XMin(boundary) > 200000 AND ST_XMax(boundary) < 1000000
        AND ST_YMin(boundary) > 5200000 AND ST_YMax(boundary) < 6200000)
);
CREATE INDEX town_boundary_gist ON town USING gist (boundary);

-- The boundary cut into small pieces: point-in-town for a thousand-vertex boundary costs a lookup.
CREATE TABLE town_piece (
    town text NOT NULL CONSTRAINT town_piece_town_fkey REFERENCES town (ags) ON DELETE CASCADE,
    piece geometry(Polygon, 25832) NOT NULL
);
CREATE INDEX town_piece_gist ON town_piece USING gist (piece);
CREATE INDEX town_piece_town ON town_piece (town);

CREATE TABLE tariff (
    town text NOT NULL CONSTRAINT tariff_town_fkey REFERENCES town (ags) ON DELETE CASCADE,
    valid_from date NOT NULL,
    official boolean NOT NULL,
    document jsonb NOT NULL,
    CONSTRAINT tariff_pkey PRIMARY KEY (town, valid_from)
);

-- A town's own value of a rule parameter, dated; the general values are data/parameters.yaml.
CREATE TABLE town_parameter (
    town text NOT NULL CONSTRAINT town_parameter_town_fkey REFERENCES town (ags) ON DELETE CASCADE,
    parameter text NOT NULL,
    first_day date NOT NULL,
    value double precision NOT NULL,
    legal_source text NOT NULL,
    CONSTRAINT town_parameter_pkey PRIMARY KEY (town, parameter, first_day)
);

CREATE FUNCTION town_fragments() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE properties json;
BEGIN
    SELECT row_to_json(p) INTO properties FROM (SELECT
        NEW.ags AS ags, NEW.slug AS slug, NEW.name AS name, NEW.kind AS kind,
        NEW.accepts_requests AS accepts_requests, NEW.boundary_accuracy_m AS boundary_accuracy_m,
        NEW.demo AS demo, NEW.attribution AS attribution, NEW.ags AS town,
        NULL::text AS period_start, NULL::text AS period_end, NULL::date AS "from", NULL::date AS until,
        instant(NEW.updated_at) AS updated_at) AS p;
    NEW.fragment_crs84 := feature_fragment(NEW.ags, NEW.boundary, 4326, properties);
    NEW.fragment_25832 := feature_fragment(NEW.ags, NEW.boundary, 25832, properties);
    RETURN NEW;
END $$;
CREATE TRIGGER town_fragments BEFORE INSERT OR UPDATE ON town FOR EACH ROW EXECUTE FUNCTION town_fragments();

CREATE FUNCTION configuration_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    UPDATE configuration_version SET last_value = last_value + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER town_changed AFTER INSERT OR UPDATE OR DELETE ON town FOR EACH STATEMENT EXECUTE FUNCTION configuration_changed();
CREATE TRIGGER tariff_changed AFTER INSERT OR UPDATE OR DELETE ON tariff FOR EACH STATEMENT EXECUTE FUNCTION configuration_changed();
CREATE TRIGGER town_parameter_changed AFTER INSERT OR UPDATE OR DELETE ON town_parameter FOR EACH STATEMENT EXECUTE FUNCTION configuration_changed();
