-- Which features a page has is read from an index alone, without touching the rows: bounds say which lie inside for certain,
-- fragments_hash which content a row has. As long as that content is known, nothing of the row is needed.
-- A hash and not a counter: a counter would begin again where it was when a backup is restored.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['town', 'road_segment', 'construction_site', 'event', 'detour', 'published_permit'] LOOP
        EXECUTE format(
            'ALTER TABLE %I ADD COLUMN fragments_hash bigint NOT NULL'
            ' GENERATED ALWAYS AS (hashtextextended(fragment_25832, hashtextextended(fragment_crs84, 0))) STORED', name);
    END LOOP;
END $$;

-- The two collections that grow large, and whose features all have a place.
ALTER TABLE road_segment ADD COLUMN bounds box NOT NULL GENERATED ALWAYS AS (box(axis)) STORED;
ALTER TABLE published_permit ADD COLUMN bounds box NOT NULL GENERATED ALWAYS AS (box(area)) STORED;
CREATE INDEX road_segment_bounds_gist ON road_segment USING gist (bounds) INCLUDE (gid, fragments_hash);
CREATE INDEX published_permit_bounds_gist ON published_permit USING gist (bounds) INCLUDE (gid, fragments_hash);
