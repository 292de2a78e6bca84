-- save_site
-- A site as stated, new or changed; the town is the one its occupation was found to lie in.
-- In: row (json object with the columns as keys), occupation_id (stored in this transaction).  Out: nothing.
INSERT INTO construction_site AS known (
    site_id, town, case_number, title, kind, utility, excavation, area, period, end_known, start_verified, end_verified,
    state, is_public, restriction, takes, remaining_carriageway_m, remaining_footway_m, pedestrian_guidance,
    cycle_guidance, client, source, source_id, confidence, demo)
SELECT
    stated.site_id, occupation.town, stated.case_number, stated.title, stated.kind, stated.utility, stated.excavation,
    stated.area, stated.period, stated.end_known, stated.start_verified, stated.end_verified, stated.state,
    stated.is_public, stated.restriction, occupation.takes, stated.remaining_carriageway_m, stated.remaining_footway_m,
    stated.pedestrian_guidance, stated.cycle_guidance, stated.client, stated.source, stated.source_id,
    stated.confidence, stated.demo
FROM jsonb_populate_record(CAST(NULL AS construction_site), CAST(:row AS jsonb)) AS stated
INNER JOIN occupation ON occupation.occupation_id = :occupation_id
ON CONFLICT (site_id) DO UPDATE SET
    town = EXCLUDED.town, case_number = EXCLUDED.case_number, title = EXCLUDED.title, kind = EXCLUDED.kind,
    utility = EXCLUDED.utility, excavation = EXCLUDED.excavation, area = EXCLUDED.area, period = EXCLUDED.period,
    end_known = EXCLUDED.end_known, start_verified = EXCLUDED.start_verified, end_verified = EXCLUDED.end_verified,
    state = EXCLUDED.state, is_public = EXCLUDED.is_public, restriction = EXCLUDED.restriction, takes = EXCLUDED.takes,
    remaining_carriageway_m = EXCLUDED.remaining_carriageway_m, remaining_footway_m = EXCLUDED.remaining_footway_m,
    pedestrian_guidance = EXCLUDED.pedestrian_guidance, cycle_guidance = EXCLUDED.cycle_guidance,
    client = EXCLUDED.client, source = EXCLUDED.source, source_id = EXCLUDED.source_id,
    confidence = EXCLUDED.confidence, demo = EXCLUDED.demo, version = known.version + 1, updated_at = now()

-- save_detour
-- A detour as stated, new or changed.
-- In: row (json object with the columns as keys), occupation_id (stored in this transaction).  Out: nothing.
INSERT INTO detour AS known (
    detour_id, town, title, way, modes, period, state, belongs_to, source, source_id, demo)
SELECT
    stated.detour_id, occupation.town, stated.title, stated.way, stated.modes, stated.period, stated.state,
    stated.belongs_to, stated.source, stated.source_id, stated.demo
FROM jsonb_populate_record(CAST(NULL AS detour), CAST(:row AS jsonb)) AS stated
INNER JOIN occupation ON occupation.occupation_id = :occupation_id
ON CONFLICT (detour_id) DO UPDATE SET
    town = EXCLUDED.town, title = EXCLUDED.title, way = EXCLUDED.way, modes = EXCLUDED.modes, period = EXCLUDED.period,
    state = EXCLUDED.state, belongs_to = EXCLUDED.belongs_to, source = EXCLUDED.source, source_id = EXCLUDED.source_id,
    demo = EXCLUDED.demo, version = known.version + 1, updated_at = now()
