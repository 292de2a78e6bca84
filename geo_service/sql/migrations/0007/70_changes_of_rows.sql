-- A statement that touches no row leaves its collection as it was: whoever has the pages keeps them, and is told so (304).
-- Imports, the clock of the permits and sweeps run such statements every day. Rows of a statement can be seen by a trigger
-- of one event only, so each table has three instead of one, and a fourth for TRUNCATE.
CREATE OR REPLACE FUNCTION count_collection_change() RETURNS trigger
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
    CASE TG_OP
        WHEN 'TRUNCATE' THEN NULL;
        WHEN 'DELETE' THEN
            IF NOT EXISTS (SELECT 1 FROM earlier) THEN RETURN NULL; END IF;
        ELSE
            IF NOT EXISTS (SELECT 1 FROM later) THEN RETURN NULL; END IF;
    END CASE;
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

DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT * FROM (VALUES
        ('road_segment', 'road_segments'), ('construction_site', 'construction_sites'), ('published_permit', 'permits'),
        ('event', 'events'), ('detour', 'detours'), ('town', 'towns')) AS published (source, collection)
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %I', one.source || '_change_counted', one.source);
        EXECUTE format(
            'CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS later'
            ' FOR EACH STATEMENT EXECUTE FUNCTION count_collection_change(%L)',
            one.source || '_insert_counted', one.source, one.collection);
        EXECUTE format(
            'CREATE TRIGGER %I AFTER UPDATE ON %I REFERENCING NEW TABLE AS later'
            ' FOR EACH STATEMENT EXECUTE FUNCTION count_collection_change(%L)',
            one.source || '_update_counted', one.source, one.collection);
        EXECUTE format(
            'CREATE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS earlier'
            ' FOR EACH STATEMENT EXECUTE FUNCTION count_collection_change(%L)',
            one.source || '_delete_counted', one.source, one.collection);
        EXECUTE format(
            'CREATE TRIGGER %I AFTER TRUNCATE ON %I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION count_collection_change(%L)',
            one.source || '_truncate_counted', one.source, one.collection);
    END LOOP;
END $$;
