-- save_event
-- An event as stated, new or changed; the town is the one its occupation was found to lie in.
-- In: row (json object with the columns as keys), occupation_id (stored in this transaction).  Out: nothing.
INSERT INTO event AS known (
    event_id, town, title, kind, area, period, state, restriction, source, source_id, demo, held, set_up_hours,
    clearing_hours, organiser, detour, pattern, traffic_order, consents, closed_segments)
SELECT
    stated.event_id, occupation.town, stated.title, stated.kind, stated.area, stated.period, stated.state,
    stated.restriction, stated.source, stated.source_id, stated.demo, stated.held, stated.set_up_hours,
    stated.clearing_hours, stated.organiser, stated.detour, stated.pattern, stated.traffic_order, stated.consents,
    stated.closed_segments
FROM jsonb_populate_record(CAST(NULL AS event), CAST(:row AS jsonb)) AS stated
INNER JOIN occupation ON occupation.occupation_id = :occupation_id
ON CONFLICT (event_id) DO UPDATE SET
    town = EXCLUDED.town, title = EXCLUDED.title, kind = EXCLUDED.kind, area = EXCLUDED.area, period = EXCLUDED.period,
    state = EXCLUDED.state, restriction = EXCLUDED.restriction, source = EXCLUDED.source,
    source_id = EXCLUDED.source_id, demo = EXCLUDED.demo, held = EXCLUDED.held, set_up_hours = EXCLUDED.set_up_hours,
    clearing_hours = EXCLUDED.clearing_hours, organiser = EXCLUDED.organiser, detour = EXCLUDED.detour,
    pattern = EXCLUDED.pattern, traffic_order = EXCLUDED.traffic_order, consents = EXCLUDED.consents,
    closed_segments = EXCLUDED.closed_segments, version = known.version + 1, updated_at = now()

-- event_facts
-- Events with everything that is stated about them; what they take is stated unless their occupation read it off.
-- In: nothing.  Out: one row for each event.
SELECT
    event.event_id AS object_id, event.town, event.state, event.version, event.created_at, event.updated_at,
    ST_AsEWKB(event.area) AS place, event.area AS shape, event.period, event.title, event.kind,
    lower(event.period) AS period_start, upper(event.period) AS period_end, event.held IS NOT NULL AS held_known,
    lower(event.held) AS held_start, upper(event.held) AS held_end, event.set_up_hours, event.clearing_hours,
    event.organiser, event.restriction, event.pattern, event.traffic_order, event.consents,
    ST_AsEWKB(event.detour) AS detour, event.closed_segments, event.source, event.source_id, event.demo,
    claim.town_chosen, claim.filed_at, CASE WHEN NOT claim.takes_derived THEN claim.takes END AS takes
FROM event
LEFT JOIN occupation AS claim ON claim.source_id = event.event_id AND claim.collection = 'events'
