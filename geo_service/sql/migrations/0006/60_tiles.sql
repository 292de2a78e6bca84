-- The state of each published collection as something that can be asked for in a tenth of a millisecond: it changes with
-- the commit of whatever changes the collection, never before and never after. Answers are kept and ETags made by it.
--
-- A counter in one row would make writers of a collection wait for each other until they commit, and a sequence moves
-- before the commit. So a collection has as many counters as there were writers at once: a transaction takes one that
-- nobody holds, and readers take all of them together.
CREATE TABLE collection_change (
    collection text NOT NULL,
    counter bigint GENERATED ALWAYS AS IDENTITY,
    changes bigint NOT NULL,
    CONSTRAINT collection_change_pkey PRIMARY KEY (collection, counter)
) WITH (fillfactor = 40);
GRANT SELECT ON collection_change TO geo_service_app;

CREATE FUNCTION count_collection_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    changed text := TG_ARGV[0];
    transaction text := pg_current_xact_id()::text;
    free bigint;
BEGIN
    -- Once for each transaction; the setting goes with a savepoint that is rolled back, as the count does.
    IF current_setting('app.changed_' || changed, true) = transaction THEN
        RETURN NULL;
    END IF;
    SELECT change.counter INTO free FROM collection_change AS change
    WHERE change.collection = changed ORDER BY change.counter LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF free IS NULL THEN
        INSERT INTO collection_change (collection, changes) VALUES (changed, 1);
    ELSE
        UPDATE collection_change SET changes = changes + 1 WHERE collection = changed AND counter = free;
    END IF;
    PERFORM set_config('app.changed_' || changed, transaction, true);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION count_collection_change() IS 'Counts that this transaction changes the collection named by the trigger.';

DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT * FROM (VALUES
        ('road_segment', 'road_segments'), ('construction_site', 'construction_sites'), ('published_permit', 'permits'),
        ('event', 'events'), ('detour', 'detours'), ('town', 'towns')) AS published (source, collection)
    LOOP
        EXECUTE format(
            'CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION count_collection_change(%L)',
            one.source || '_change_counted', one.source, one.collection);
        INSERT INTO collection_change (collection, changes) VALUES (one.collection, 1);
    END LOOP;
END $$;

-- Roads that a small map shows: without an index of their own a tile of a whole county reads every street to find them.
CREATE INDEX road_segment_major_gist ON road_segment USING gist (axis)
WHERE road_class IN ('bundesstrasse', 'landesstrasse', 'kreisstrasse');
