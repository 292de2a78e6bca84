-- What a key of a town sees of its undecided requests. Row-level security decides whose rows these are, so every statement
-- stands in a transaction that has said who reads (read_with_key). One plain statement each: nothing of it is kept anywhere.

-- read_with_key
-- Say that a key of a town reads, for the rest of the transaction; it opens no town's desk and no case.
-- In: actor (the key's role), town (AGS).  Out: 1 row.
SELECT set_config('app.actor', :actor, true), set_config('app.town', '', true), set_config('app.case', '', true),
    set_config('app.reader_town', :town, true)

-- page
-- A page in the order that was asked for; {sorting} ends with gid, {behind} leaves out what earlier pages showed.
-- In: after (gid), rows (limit + 1), shown (limit), skipped, cap, area and box where a place is asked for (area: WKB,
-- EPSG:25832; west, south, east, north: metres).  Out: 1 row: features (joined by commas, UTF-8), returned, last_gid,
-- last_values (a JSON list of texts), more, matched (cap + 1 = more than the cap).
WITH asked AS MATERIALIZED (
    SELECT ST_GeomFromWKB(:area, 25832) AS area, ST_MakeEnvelope(:west, :south, :east, :north, 25832) AS core
), place AS MATERIALIZED (
    SELECT row_number() OVER () AS n, first.*
    FROM (
        SELECT gid, {fragment} AS feature, json_build_array({sorted_values})::text AS sorted_values
        FROM {table}
        WHERE {conditions} AND {behind}
        ORDER BY {sorting}
        LIMIT :rows OFFSET :skipped
    ) AS first
)
SELECT string_agg(feature, ',' ORDER BY n) FILTER (WHERE n <= :shown) AS features,
       count(*) FILTER (WHERE n <= :shown) AS returned,
       (SELECT gid FROM place WHERE n <= :shown ORDER BY n DESC LIMIT 1) AS last_gid,
       (SELECT sorted_values FROM place WHERE n <= :shown ORDER BY n DESC LIMIT 1) AS last_values,
       count(*) > :shown AS more,
       (SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {conditions} LIMIT :cap + 1) AS counted) AS matched
FROM place

-- hits
-- The exact number of features.
-- In: area and box as in page.  Out: 1 row.
WITH asked AS MATERIALIZED (
    SELECT ST_GeomFromWKB(:area, 25832) AS area, ST_MakeEnvelope(:west, :south, :east, :north, 25832) AS core
)
SELECT count(*) AS matched
FROM {table}
WHERE {conditions}
