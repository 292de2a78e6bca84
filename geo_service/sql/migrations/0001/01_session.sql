-- Who is speaking. The application sets these per transaction (web/scope.py); unset means nobody.
-- After a transaction a setting is '' and not NULL, therefore nullif.

CREATE FUNCTION current_town() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.town', true), '') $$;
COMMENT ON FUNCTION current_town() IS 'AGS of the town whose clerk acts, or NULL.';

CREATE FUNCTION current_case() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.case', true), '')::uuid $$;
COMMENT ON FUNCTION current_case() IS 'The one permit that is open without a town: just being filed, or opened by its token.';

CREATE FUNCTION current_actor() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(nullif(current_setting('app.actor', true), ''), 'public') $$;
COMMENT ON FUNCTION current_actor() IS 'public, applicant, reader, clerk, supervisor, admin, operator or system.';

CREATE FUNCTION may_write(row_town text, source uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT current_actor() = 'operator' OR row_town = current_town() OR source = current_case() $$;
COMMENT ON FUNCTION may_write(text, uuid) IS 'Writes are for the own town, the own case, or the operator (imports).';

-- Codes travel with their labels in both languages; filled from data/codes.yaml and data/use_types.yaml at migration.
CREATE TABLE code_label (
    list text NOT NULL,
    code text NOT NULL,
    de text NOT NULL,
    en text NOT NULL,
    CONSTRAINT code_label_pkey PRIMARY KEY (list, code)
);

CREATE FUNCTION label_de(wanted_list text, wanted_code text) RETURNS text LANGUAGE sql STABLE
AS $$ SELECT de FROM code_label WHERE list = wanted_list AND code = wanted_code $$;

CREATE FUNCTION label_en(wanted_list text, wanted_code text) RETURNS text LANGUAGE sql STABLE
AS $$ SELECT en FROM code_label WHERE list = wanted_list AND code = wanted_code $$;

-- Raised by whatever changes towns, tariffs or parameters: the processes' caches follow it. A row and not a
-- sequence: a sequence moves before the commit, and a cache filled in between would keep the old values for good.
CREATE TABLE configuration_version (last_value bigint NOT NULL);
INSERT INTO configuration_version VALUES (1);

-- Half-open stored, as people read it: civil days, both inclusive.
CREATE FUNCTION first_day(period tstzrange) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (lower(period) AT TIME ZONE 'Europe/Berlin')::date $$;

CREATE FUNCTION last_day(period tstzrange) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ((upper(period) - interval '1 microsecond') AT TIME ZONE 'Europe/Berlin')::date $$;

CREATE FUNCTION instant(moment timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') $$;
COMMENT ON FUNCTION instant(timestamptz) IS 'RFC 3339 in UTC, as every published instant is written.';

-- One published feature as the bytes that the collections serve. Kept by triggers in the transaction
-- that changes the source, so a page is one string_agg and Python never parses a geometry.
CREATE FUNCTION feature_fragment(id text, geom geometry, srid integer, properties json) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT '{"type":"Feature","id":' || to_json(id)::text
        || ',"geometry":' || coalesce(ST_AsGeoJSON(
               CASE WHEN srid = 4326 THEN ST_ForcePolygonCCW(ST_Transform(geom, 4326)) ELSE ST_ForcePolygonCCW(geom) END,
               CASE WHEN srid = 4326 THEN 7 ELSE 3 END, 0), 'null')
        || ',"properties":' || properties::text || '}'
$$;
