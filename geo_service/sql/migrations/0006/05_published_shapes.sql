-- A valid area stays valid when it is published: seven decimals are a centimetre, and a corner that moves by half of one
-- can cross a narrow place. Where it does, as many more decimals are written as it takes; where none is enough (drawn
-- straight in metres, a side is a curve in degrees), the shape is repaired as published.
CREATE FUNCTION published_shape(shape geometry, decimals integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE written text;
BEGIN
    IF ST_Dimension(shape) < 2 THEN
        RETURN ST_AsGeoJSON(shape, decimals, 0);
    END IF;
    FOR more IN 0..3 LOOP
        written := ST_AsGeoJSON(shape, decimals + more, 0);
        IF ST_IsValid(ST_GeomFromGeoJSON(written)) THEN
            RETURN written;
        END IF;
    END LOOP;
    RETURN ST_AsGeoJSON(
        ST_ForcePolygonCCW(ST_CollectionExtract(ST_MakeValid(ST_GeomFromGeoJSON(written)), 3)), decimals + 3, 0);
END
$$;

CREATE OR REPLACE FUNCTION feature_fragment(id text, geom geometry, srid integer, properties json) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT '{"type":"Feature","id":' || to_json(id)::text
        || ',"geometry":' || coalesce(
               CASE WHEN srid = 4326 THEN published_shape(ST_ForcePolygonCCW(ST_Transform(geom, 4326)), 7)
                    ELSE published_shape(ST_ForcePolygonCCW(geom), 3) END, 'null')
        || ',"properties":' || properties::text || '}'
$$;

-- What was published invalid until now is written anew by its trigger.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['town', 'construction_site', 'event', 'published_permit'] LOOP
        EXECUTE format(
            'UPDATE %I SET fragment_crs84 = fragment_crs84
             WHERE NOT coalesce(ST_IsValid(ST_GeomFromGeoJSON(fragment_crs84::json -> ''geometry'')), true)
                 OR NOT coalesce(ST_IsValid(ST_GeomFromGeoJSON(fragment_25832::json -> ''geometry'')), true)', name);
    END LOOP;
END $$;
