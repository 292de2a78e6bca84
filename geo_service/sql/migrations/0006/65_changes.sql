-- What was published, changed and removed, in the order of the commits. A transaction's changes get their position when
-- it commits, under a lock that is held until the commit is seen: whoever has read up to a position has missed nothing
-- before it. Nothing here is private: a name of a collection and the id of something that was published.
CREATE TABLE change_batch (
    batch bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT change_batch_pkey PRIMARY KEY,
    position bigint CONSTRAINT change_batch_position_unique UNIQUE,   -- NULL until its transaction commits
    at timestamptz NOT NULL DEFAULT now()
);
CREATE SEQUENCE change_position;

-- No foreign key to change_batch: only the triggers below write here, and a check for each row would cost as much as the row.
CREATE TABLE published_change (
    batch bigint NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    collection text NOT NULL,
    object_id uuid NOT NULL,
    deed text NOT NULL,
    CONSTRAINT published_change_pkey PRIMARY KEY (batch, number),
    CONSTRAINT published_change_deed_known CHECK (deed IN ('created', 'changed', 'removed'))
);

-- What is published already counts as created now, so that a reader who begins at the beginning gets everything.
WITH before AS (
    INSERT INTO change_batch (position) VALUES (nextval('change_position')) RETURNING batch
), published AS (
    SELECT 'construction_sites' AS collection, site_id AS object_id FROM construction_site WHERE published
    UNION ALL
    SELECT 'events', event_id FROM event WHERE published
    UNION ALL
    SELECT 'detours', detour_id FROM detour WHERE published
    UNION ALL
    SELECT 'permits', permit_id FROM published_permit
)
INSERT INTO published_change (batch, collection, object_id, deed)
SELECT before.batch, published.collection, published.object_id, 'created'
FROM before
CROSS JOIN published;

CREATE FUNCTION number_change_batch() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('geo_service.changes'));
    UPDATE change_batch SET position = nextval('change_position'), at = clock_timestamp() WHERE batch = NEW.batch;
    RETURN NULL;
END $$;
-- Deferred: the lock is the last one a transaction takes, so it cannot be part of a circle, and is held for a commit only.
CREATE CONSTRAINT TRIGGER change_batch_numbered AFTER INSERT ON change_batch
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION number_change_batch();

CREATE FUNCTION change_batch_of_transaction() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    own bigint := nullif(current_setting('app.change_batch', true), '')::bigint;
BEGIN
    IF own IS NULL THEN
        INSERT INTO change_batch DEFAULT VALUES RETURNING batch INTO own;
        PERFORM set_config('app.change_batch', own::text, true);
    END IF;
    RETURN own;
END $$;
COMMENT ON FUNCTION change_batch_of_transaction() IS 'One batch a transaction; what a savepoint takes back takes its batch back too.';
REVOKE ALL ON FUNCTION change_batch_of_transaction() FROM public;

-- Arguments: collection, key column, condition of being published. One statement for all rows of one, whatever their number.
CREATE FUNCTION record_published_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    source text;
BEGIN
    CASE TG_OP
        WHEN 'INSERT' THEN
            IF NOT EXISTS (SELECT 1 FROM later) THEN RETURN NULL; END IF;
            source := 'SELECT %1$I AS id, ''created'' AS deed FROM later WHERE %2$s';
        WHEN 'DELETE' THEN
            IF NOT EXISTS (SELECT 1 FROM earlier) THEN RETURN NULL; END IF;
            source := 'SELECT %1$I AS id, ''removed'' AS deed FROM earlier WHERE %2$s';
        ELSE
            IF NOT EXISTS (SELECT 1 FROM later) THEN RETURN NULL; END IF;
            source :=
                'SELECT id, CASE WHEN NOT was THEN ''created'' WHEN NOT is_now THEN ''removed'' ELSE ''changed'' END AS deed'
                ' FROM (SELECT %1$I AS id, %2$s AS was, fragment_crs84 AS old FROM earlier) AS e'
                ' INNER JOIN (SELECT %1$I AS id, %2$s AS is_now, fragment_crs84 AS new FROM later) AS l USING (id)'
                ' WHERE (was OR is_now) AND NOT (was AND is_now AND old = new)';
    END CASE;
    EXECUTE format(
        'INSERT INTO published_change (batch, collection, object_id, deed)'
        ' SELECT change_batch_of_transaction(), $1, found.id, found.deed FROM (' || source || ') AS found',
        TG_ARGV[1], TG_ARGV[2]
    ) USING TG_ARGV[0];
    RETURN NULL;
END $$;

DO $$
DECLARE kind record;
BEGIN
    FOR kind IN
        SELECT * FROM (VALUES
            ('construction_site', 'construction_sites', 'site_id', 'published'),
            ('event', 'events', 'event_id', 'published'),
            ('detour', 'detours', 'detour_id', 'published'),
            ('published_permit', 'permits', 'permit_id', 'true')) AS kinds (of_table, collection, key, shown)
    LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS later FOR EACH STATEMENT'
                       ' EXECUTE FUNCTION record_published_changes(%L, %L, %L)',
                       kind.of_table || '_created', kind.of_table, kind.collection, kind.key, kind.shown);
        EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I REFERENCING OLD TABLE AS earlier NEW TABLE AS later FOR EACH STATEMENT'
                       ' EXECUTE FUNCTION record_published_changes(%L, %L, %L)',
                       kind.of_table || '_changed', kind.of_table, kind.collection, kind.key, kind.shown);
        EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS earlier FOR EACH STATEMENT'
                       ' EXECUTE FUNCTION record_published_changes(%L, %L, %L)',
                       kind.of_table || '_removed', kind.of_table, kind.collection, kind.key, kind.shown);
    END LOOP;
END $$;

GRANT SELECT ON change_batch, published_change TO geo_service_app;
