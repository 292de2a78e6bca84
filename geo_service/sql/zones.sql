-- Places with a rule of their own: blackouts, no-dig periods, reinstatements, areas of the fire brigade.

-- place_before
-- Where an object lies before it is stored anew; the slot holds the SELECT of its kind.
-- In: object_id.  Out: 0 or 1 row; place (EWKB), state.
SELECT kept.place, kept.state
FROM («facts») AS kept
WHERE kept.object_id = :object_id

-- blackout_facts
-- Blackouts with everything that is stated about them.
-- In: nothing.  Out: one row for each.
SELECT
    blackout.blackout_id AS object_id, blackout.town, CASE WHEN blackout.cancelled_at IS NULL THEN 'in_force' ELSE 'cancelled' END AS state,
    blackout.version, blackout.created_at, blackout.updated_at, ST_AsEWKB(blackout.area) AS place, blackout.area AS shape,
    blackout.period, blackout.title, lower(blackout.period) AS period_start, upper(blackout.period) AS period_end,
    blackout.pattern, blackout.refuses, blackout.cancelled_at, blackout.demo
FROM blackout

-- save_blackout
-- A blackout as stated, new or changed.
-- In: row (json object with the columns as keys).  Out: nothing.
INSERT INTO blackout AS known (
    blackout_id, town, title, area, period, pattern, recurrence, refuses, cancelled_at, demo)
SELECT
    stated.blackout_id, stated.town, stated.title, stated.area, stated.period, stated.pattern, stated.recurrence,
    stated.refuses, stated.cancelled_at, stated.demo
FROM jsonb_populate_record(CAST(NULL AS blackout), CAST(:row AS jsonb)) AS stated
ON CONFLICT (blackout_id) DO UPDATE SET
    town = excluded.town, title = excluded.title, area = excluded.area, period = excluded.period,
    pattern = excluded.pattern, recurrence = excluded.recurrence, refuses = excluded.refuses,
    cancelled_at = excluded.cancelled_at, demo = excluded.demo, version = known.version + 1, updated_at = now()

-- no_dig_period_facts
-- No-dig periods, drawn ones and those of resurfaced segments.
-- In: nothing.  Out: one row for each.
SELECT
    quiet.no_dig_period_id AS object_id, quiet.town, CASE WHEN quiet.cancelled_at IS NULL THEN 'in_force' ELSE 'cancelled' END AS state,
    quiet.version, quiet.created_at, quiet.updated_at, ST_AsEWKB(quiet.area) AS place, quiet.area AS shape, quiet.period,
    coalesce(quiet.title, segment.street_name) AS title, lower(quiet.period) AS period_start,
    upper(quiet.period) AS period_end, segment.segment_id, quiet.segment_gid, quiet.source, quiet.cancelled_at
FROM no_dig_period AS quiet
LEFT JOIN road_segment AS segment ON segment.gid = quiet.segment_gid

-- save_no_dig_period
-- A no-dig period as stated, new or changed; that of a segment keeps it.
-- In: row (json object with the columns as keys).  Out: nothing.
INSERT INTO no_dig_period AS known (
    no_dig_period_id, town, title, area, period, source, cancelled_at)
SELECT
    stated.no_dig_period_id, stated.town, stated.title, stated.area, stated.period, stated.source, stated.cancelled_at
FROM jsonb_populate_record(CAST(NULL AS no_dig_period), CAST(:row AS jsonb)) AS stated
ON CONFLICT (no_dig_period_id) DO UPDATE SET
    town = excluded.town, title = excluded.title, area = excluded.area, period = excluded.period,
    source = excluded.source, cancelled_at = excluded.cancelled_at, version = known.version + 1, updated_at = now()

-- reinstatement_facts
-- Closed digs that were accepted.
-- In: nothing.  Out: one row for each.
SELECT
    closed.reinstatement_id AS object_id, closed.town, CASE WHEN closed.cancelled_at IS NULL THEN 'in_force' ELSE 'cancelled' END AS state,
    closed.version, closed.created_at, closed.updated_at, ST_AsEWKB(closed.area) AS place, closed.area AS shape,
    CAST(NULL AS tstzrange) AS period, closed.title, closed.accepted_on, closed.source_id, closed.cancelled_at, closed.demo
FROM reinstatement AS closed

-- reinstatement_of_source
-- The reinstatement of the permit or site that dug.
-- In: source_id.  Out: 0 or 1 row.
SELECT kept.*
FROM («facts») AS kept
WHERE kept.source_id = :source_id

-- save_reinstatement
-- A closed dig as stated, new or changed.
-- In: row (json object with the columns as keys).  Out: nothing.
INSERT INTO reinstatement AS known (
    reinstatement_id, town, title, area, accepted_on, source_id, cancelled_at, demo)
SELECT
    stated.reinstatement_id, stated.town, stated.title, stated.area, stated.accepted_on, stated.source_id,
    stated.cancelled_at, stated.demo
FROM jsonb_populate_record(CAST(NULL AS reinstatement), CAST(:row AS jsonb)) AS stated
ON CONFLICT (reinstatement_id) DO UPDATE SET
    town = excluded.town, title = excluded.title, area = excluded.area, accepted_on = excluded.accepted_on,
    source_id = excluded.source_id, cancelled_at = excluded.cancelled_at, demo = excluded.demo,
    version = known.version + 1, updated_at = now()

-- fire_area_facts
-- Areas of the fire brigade, imported and drawn ones.
-- In: nothing.  Out: one row for each.
SELECT
    spot.object_id, spot.town, CASE WHEN spot.cancelled_at IS NULL THEN 'in_force' ELSE 'cancelled' END AS state,
    spot.version, spot.created_at, spot.updated_at, ST_AsEWKB(spot.place) AS place, spot.place AS shape,
    CAST(NULL AS tstzrange) AS period, spot.name AS title, spot.kind, spot.source, spot.source_id, spot.cancelled_at, spot.demo
FROM fire_area AS spot

-- save_fire_area
-- An area of the fire brigade as stated, new or changed.
-- In: row (json object with the columns as keys).  Out: nothing.
INSERT INTO fire_area AS known (
    object_id, town, name, kind, place, source, source_id, cancelled_at, demo)
SELECT
    stated.object_id, stated.town, stated.name, stated.kind, stated.place, stated.source, stated.source_id,
    stated.cancelled_at, stated.demo
FROM jsonb_populate_record(CAST(NULL AS fire_area), CAST(:row AS jsonb)) AS stated
ON CONFLICT (object_id) DO UPDATE SET
    town = excluded.town, name = excluded.name, kind = excluded.kind, place = excluded.place, source = excluded.source,
    source_id = excluded.source_id, cancelled_at = excluded.cancelled_at, demo = excluded.demo,
    version = known.version + 1, updated_at = now()
