-- Importing permits, events and detours; what was delivered before is kept in site_feed and site_feed_record.

-- case_of_import
-- The case that is open, with what people have done to it.
-- In: permit_id.  Out: 0 or 1 row.
SELECT
    permit.status, permit.reference, permit.filed_at,
    EXISTS (SELECT FROM permit_transition AS step WHERE step.permit_id = permit.permit_id AND step.actor_role NOT IN ('operator', 'system'))
        AS worked_on
FROM permit
WHERE permit.permit_id = :permit_id

-- save_events
-- Events as stated, new or changed; the town is the one their occupation was found to lie in.
-- In: rows (json array of objects with the columns as keys; their occupations are stored).  Out: nothing.
INSERT INTO event AS known (
    event_id, town, title, kind, area, period, state, restriction, source, source_id, demo)
SELECT
    stated.event_id, occupation.town, stated.title, stated.kind, stated.area, stated.period, stated.state,
    stated.restriction, stated.source, stated.source_id, false
FROM jsonb_populate_recordset(CAST(NULL AS event), CAST(:rows AS jsonb)) AS stated
INNER JOIN occupation ON occupation.source_id = stated.event_id AND occupation.collection = 'events'
ON CONFLICT (event_id) DO UPDATE SET
    town = EXCLUDED.town, title = EXCLUDED.title, kind = EXCLUDED.kind, area = EXCLUDED.area, period = EXCLUDED.period,
    state = EXCLUDED.state, restriction = EXCLUDED.restriction, source = EXCLUDED.source,
    source_id = EXCLUDED.source_id, version = known.version + 1, updated_at = now()

-- save_detours
-- Detours as stated, new or changed.
-- In: rows (json array of objects with the columns as keys; their occupations are stored).  Out: nothing.
INSERT INTO detour AS known (
    detour_id, town, title, way, modes, period, state, belongs_to, source, source_id, demo)
SELECT
    stated.detour_id, occupation.town, stated.title, stated.way, stated.modes, stated.period, stated.state,
    stated.belongs_to, stated.source, stated.source_id, false
FROM jsonb_populate_recordset(CAST(NULL AS detour), CAST(:rows AS jsonb)) AS stated
INNER JOIN occupation ON occupation.source_id = stated.detour_id AND occupation.collection = 'detours'
ON CONFLICT (detour_id) DO UPDATE SET
    town = EXCLUDED.town, title = EXCLUDED.title, way = EXCLUDED.way, modes = EXCLUDED.modes, period = EXCLUDED.period,
    state = EXCLUDED.state, belongs_to = EXCLUDED.belongs_to, source = EXCLUDED.source, source_id = EXCLUDED.source_id,
    version = known.version + 1, updated_at = now()

-- cancel_occupations
-- What is gone from its feed claims nothing any more: over if its time is over, else cancelled.
-- In: day (instant), sources (array of ids of events and detours).  Out: nothing.
UPDATE occupation SET
    state = CASE WHEN upper(period) <= :day THEN 'ended' ELSE 'cancelled' END,
    counts = false, binding = false, published = false, updated_at = now()
WHERE source_id = ANY(CAST(:sources AS uuid[])) AND collection IN ('events', 'detours')

-- cancel_events
-- Events follow their cancelled occupations.
-- In: sources (array of event ids).  Out: nothing.
UPDATE event SET state = occupation.state, version = event.version + 1, updated_at = now()
FROM occupation
WHERE event.event_id = ANY(CAST(:sources AS uuid[])) AND occupation.source_id = event.event_id

-- cancel_detours
-- Detours follow their cancelled occupations.
-- In: sources (array of detour ids).  Out: nothing.
UPDATE detour SET state = occupation.state, version = detour.version + 1, updated_at = now()
FROM occupation
WHERE detour.detour_id = ANY(CAST(:sources AS uuid[])) AND occupation.source_id = detour.detour_id

-- forget_findings
-- What does not count has no findings, and nobody has one against it.
-- In: sources (array of ids of events and detours).  Out: nothing.
DELETE FROM finding
USING occupation
WHERE occupation.source_id = ANY(CAST(:sources AS uuid[])) AND occupation.collection IN ('events', 'detours')
    AND (finding.mine_occupation = occupation.occupation_id OR finding.other_occupation = occupation.occupation_id)

-- party_of_import
-- The random id that stands for the applicant of the open case.
-- In: permit_id.  Out: 0 or 1 row.
SELECT applicant_id
FROM applicant
WHERE permit_id = :permit_id
