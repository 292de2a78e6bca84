-- save_event
-- An event as stated, new or changed; the town is the one its occupation was found to lie in.
-- In: row (json object with the columns as keys), occupation_id (stored in this transaction).  Out: nothing.
INSERT INTO event AS known (
    event_id, town, title, kind, area, period, state, restriction, source, source_id, demo)
SELECT
    stated.event_id, occupation.town, stated.title, stated.kind, stated.area, stated.period, stated.state,
    stated.restriction, stated.source, stated.source_id, stated.demo
FROM jsonb_populate_record(CAST(NULL AS event), CAST(:row AS jsonb)) AS stated
INNER JOIN occupation ON occupation.occupation_id = :occupation_id
ON CONFLICT (event_id) DO UPDATE SET
    town = EXCLUDED.town, title = EXCLUDED.title, kind = EXCLUDED.kind, area = EXCLUDED.area, period = EXCLUDED.period,
    state = EXCLUDED.state, restriction = EXCLUDED.restriction, source = EXCLUDED.source,
    source_id = EXCLUDED.source_id, demo = EXCLUDED.demo, version = known.version + 1, updated_at = now()
