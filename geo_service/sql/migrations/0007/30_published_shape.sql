-- GeoJSON knows no collection inside a collection, and ST_AsGeoJSON fails on one. What lies deeper is lifted to the top;
-- every other shape is published as before.
CREATE OR REPLACE FUNCTION published_shape(shape geometry, decimals integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE written text;
BEGIN
    IF ST_GeometryType(shape) = 'ST_GeometryCollection' AND EXISTS (
        SELECT 1 FROM generate_series(1, ST_NumGeometries(shape)) AS part (number)
        WHERE ST_GeometryType(ST_GeometryN(shape, part.number)) = 'ST_GeometryCollection') THEN
        shape := ST_CollectionHomogenize(shape);
    END IF;
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
