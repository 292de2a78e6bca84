-- save_sites
-- Sites as stated, new or changed; the town is the one their occupation was found to lie in.
-- In: rows (json array of objects with the columns as keys; their occupations are stored).  Out: nothing.
INSERT INTO construction_site AS known (
    site_id, town, case_number, title, kind, utility, excavation, area, area_widened, period, end_known, start_verified,
    end_verified, state, is_public, restriction, takes, remaining_carriageway_m, remaining_footway_m,
    pedestrian_guidance, cycle_guidance, client, source, source_id, confidence, stated_street, stated_street_key,
    street_check, demo, contractor, public_transport_affected, detour, actual_period, pattern, traffic_order, consents,
    closed_segments, accepted_on)
SELECT
    stated.site_id, occupation.town, stated.case_number, stated.title, stated.kind, stated.utility, stated.excavation,
    stated.area, stated.area_widened, stated.period, stated.end_known, stated.start_verified, stated.end_verified,
    stated.state, stated.is_public, stated.restriction, occupation.takes, stated.remaining_carriageway_m,
    stated.remaining_footway_m, stated.pedestrian_guidance, stated.cycle_guidance, stated.client, stated.source,
    stated.source_id, stated.confidence, stated.stated_street, stated.stated_street_key, stated.street_check, stated.demo,
    stated.contractor, stated.public_transport_affected, stated.detour, stated.actual_period, stated.pattern,
    stated.traffic_order, stated.consents, stated.closed_segments, stated.accepted_on
FROM jsonb_populate_recordset(CAST(NULL AS construction_site), CAST(:rows AS jsonb)) AS stated
INNER JOIN occupation ON occupation.source_id = stated.site_id AND occupation.collection = 'construction_sites'
ON CONFLICT (site_id) DO UPDATE SET
    town = EXCLUDED.town, case_number = EXCLUDED.case_number, title = EXCLUDED.title, kind = EXCLUDED.kind,
    utility = EXCLUDED.utility, excavation = EXCLUDED.excavation, area = EXCLUDED.area,
    area_widened = EXCLUDED.area_widened, period = EXCLUDED.period,
    end_known = EXCLUDED.end_known, start_verified = EXCLUDED.start_verified, end_verified = EXCLUDED.end_verified,
    state = EXCLUDED.state, is_public = EXCLUDED.is_public, restriction = EXCLUDED.restriction, takes = EXCLUDED.takes,
    remaining_carriageway_m = EXCLUDED.remaining_carriageway_m, remaining_footway_m = EXCLUDED.remaining_footway_m,
    pedestrian_guidance = EXCLUDED.pedestrian_guidance, cycle_guidance = EXCLUDED.cycle_guidance,
    client = EXCLUDED.client, source = EXCLUDED.source, source_id = EXCLUDED.source_id,
    confidence = EXCLUDED.confidence, stated_street = EXCLUDED.stated_street,
    stated_street_key = EXCLUDED.stated_street_key, street_check = EXCLUDED.street_check,
    demo = EXCLUDED.demo, contractor = EXCLUDED.contractor,
    public_transport_affected = EXCLUDED.public_transport_affected, detour = EXCLUDED.detour,
    actual_period = EXCLUDED.actual_period, pattern = EXCLUDED.pattern, traffic_order = EXCLUDED.traffic_order,
    consents = EXCLUDED.consents, closed_segments = EXCLUDED.closed_segments, accepted_on = EXCLUDED.accepted_on,
    version = known.version + 1, updated_at = now()

-- known_records
-- What a feed delivered before, refused records included.
-- In: source.  Out: one row for each record ever seen.
SELECT source_id, raw_hash, profile_hash, town, site_id, held, refused, gone_since
FROM site_feed_record
WHERE source = :source

-- save_feed
-- Where the sites of a feed come from, under which licence, and what its last import did.
-- In: source, title, attribution, licence, url, file, snapshot, report (json).  Out: nothing.
INSERT INTO site_feed (source, title, attribution, licence, url, last_file, last_snapshot, report)
VALUES (:source, :title, :attribution, :licence, :url, :file, :snapshot, CAST(:report AS jsonb))
ON CONFLICT (source) DO UPDATE SET
    title = EXCLUDED.title, attribution = EXCLUDED.attribution, licence = EXCLUDED.licence, url = EXCLUDED.url,
    last_file = EXCLUDED.last_file, last_snapshot = EXCLUDED.last_snapshot, report = EXCLUDED.report,
    imported_at = now()

-- list_feeds
-- Every feed that was imported, with the report of its last import.
-- In: nothing.  Out: one row for each feed.
SELECT source, title, attribution, licence, url, last_file, last_snapshot, imported_at, report
FROM site_feed
WHERE report IS NOT NULL
ORDER BY title, source

-- save_records
-- What was delivered this time.
-- In: source, seen (instant), rows (json array: source_id, raw_hash, profile_hash, town, site_id, held, refused).
-- Out: nothing.
INSERT INTO site_feed_record AS known (
    source, source_id, raw_hash, profile_hash, town, site_id, held, refused, first_seen, last_seen)
SELECT :source, source_id, raw_hash, profile_hash, town, site_id, held, refused, :seen, :seen
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS delivered (
    source_id text, raw_hash text, profile_hash text, town text, site_id uuid, held boolean, refused text)
ON CONFLICT (source, source_id) DO UPDATE SET
    raw_hash = EXCLUDED.raw_hash, profile_hash = EXCLUDED.profile_hash, town = EXCLUDED.town,
    site_id = EXCLUDED.site_id, held = EXCLUDED.held, refused = EXCLUDED.refused, last_seen = EXCLUDED.last_seen,
    gone_since = NULL

-- mark_records_gone
-- Records that are no longer delivered; they stay known.
-- In: source, day (instant), gone (array of source ids).  Out: nothing.
UPDATE site_feed_record SET gone_since = :day, held = false
WHERE source = :source AND source_id = ANY(CAST(:gone AS text[]))

-- cancel_occupations
-- What is gone from its feed claims nothing from that day on; a period that has begun ends there.
-- In: day (instant), sites (array of site ids).  Out: nothing.
UPDATE occupation SET
    state = CASE WHEN upper(period) <= :day THEN 'ended' ELSE 'cancelled' END,
    counts = false, binding = false, published = false,
    period = CASE WHEN lower(period) < :day THEN period * tstzrange(NULL, :day) ELSE period END,
    end_known = NOT upper_inf(period) OR lower(period) < :day,
    updated_at = now()
WHERE source_id = ANY(CAST(:sites AS uuid[])) AND collection = 'construction_sites'

-- cancel_sites
-- The sites of cancelled occupations follow them.
-- In: sites (array of site ids).  Out: nothing.
UPDATE construction_site SET
    state = occupation.state, period = occupation.period, end_known = occupation.end_known,
    version = construction_site.version + 1, updated_at = now()
FROM occupation
WHERE construction_site.site_id = ANY(CAST(:sites AS uuid[])) AND occupation.source_id = construction_site.site_id
    AND occupation.collection = 'construction_sites'

-- forget_findings_of_sites
-- What does not count has no findings, and nobody has one against it.
-- In: sites (array of site ids).  Out: nothing.
DELETE FROM finding
USING occupation
WHERE occupation.source_id = ANY(CAST(:sites AS uuid[])) AND occupation.collection = 'construction_sites'
    AND (finding.mine_occupation = occupation.occupation_id OR finding.other_occupation = occupation.occupation_id)

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

-- site_facts
-- Sites with everything that is stated about them; what they take is stated unless their occupation read it off.
-- In: nothing.  Out: one row for each site.
SELECT
    site.site_id AS object_id, site.town, site.state, site.version, site.created_at, site.updated_at,
    ST_AsEWKB(site.area) AS place, site.area AS shape, site.period, site.case_number, site.title, site.kind, site.utility,
    site.excavation, lower(site.period) AS period_start, upper(site.period) AS period_end,
    site.actual_period IS NOT NULL AS begun, lower(site.actual_period) AS actual_start,
    upper(site.actual_period) AS actual_end, site.start_verified, site.end_verified, site.is_public, site.restriction,
    site.remaining_carriageway_m, site.remaining_footway_m, site.pedestrian_guidance, site.cycle_guidance, site.client,
    site.contractor, contact.phone_24h, site.traffic_order, site.consents, site.pattern,
    ST_AsEWKB(site.detour) AS detour, site.closed_segments, site.public_transport_affected, site.accepted_on,
    site.source, site.source_id, site.confidence, site.area_widened, site.stated_street, site.stated_street_key,
    site.street_check, site.demo, claim.case_group, claim.town_chosen, claim.filed_at,
    CASE WHEN NOT claim.takes_derived THEN claim.takes END AS takes
FROM construction_site AS site
LEFT JOIN occupation AS claim ON claim.source_id = site.site_id AND claim.collection = 'construction_sites'
LEFT JOIN site_contact AS contact ON contact.site_id = site.site_id

-- save_contact
-- Whom to call at night about a site.
-- In: site_id, town, phone_24h.  Out: nothing.
INSERT INTO site_contact (site_id, town, phone_24h)
VALUES (:site_id, :town, :phone_24h)
ON CONFLICT (site_id) DO UPDATE SET phone_24h = excluded.phone_24h

-- forget_contact
-- Nobody is to be called about a site any more.
-- In: site_id.  Out: nothing.
DELETE FROM site_contact
WHERE site_id = :site_id

-- detour_facts
-- Detours with everything that is stated about them.
-- In: nothing.  Out: one row for each detour.
SELECT
    detour.detour_id AS object_id, detour.town, detour.state, detour.version, detour.created_at, detour.updated_at,
    ST_AsEWKB(detour.way) AS place, detour.way AS shape, detour.period, detour.title, detour.modes,
    lower(detour.period) AS period_start, upper(detour.period) AS period_end, detour.belongs_to, detour.source,
    detour.source_id, detour.demo, claim.filed_at
FROM detour
LEFT JOIN occupation AS claim ON claim.source_id = detour.detour_id AND claim.collection = 'detours'

-- sites_with_desk_facts
-- Of these sites the ones to which a desk has added something that no feed delivers; the slot holds `site_facts`.
-- In: sites (array of site ids).  Out: at most one row for each.
SELECT kept.*
FROM («facts») AS kept
WHERE
    kept.object_id = ANY(CAST(:sites AS uuid[]))
    AND (
        num_nonnulls(kept.contractor, kept.pattern, kept.traffic_order, kept.detour, kept.public_transport_affected,
            kept.accepted_on, kept.town_chosen) > 0
        OR kept.begun OR cardinality(kept.consents) > 0 OR cardinality(kept.closed_segments) > 0
        OR kept.case_group <> kept.object_id)

-- group_of_source
-- The group of what a detour belongs to: nothing in it is compared with anything else in it.
-- In: source_id.  Out: 0 or 1 row.
SELECT case_group
FROM occupation
WHERE source_id = :source_id
ORDER BY occupation_id LIMIT 1
