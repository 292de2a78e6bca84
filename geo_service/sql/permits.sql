-- open_new_case
-- Opens the case that is just being filed for the rest of the transaction; it does not exist for anybody else yet.
-- In: permit_id (new, random).  Out: 1 row without meaning.
SELECT set_config('app.case', CAST(:permit_id AS text), true)

-- open_case
-- Opens one case for the rest of the transaction, if the token belongs to it.
-- In: reference (or the id of a draft), token.  Out: 1 row; permit_id, NULL when they do not fit.
SELECT open_case(:reference, :token) AS permit_id

-- issue_token
-- The token of an open case; older ones are worthless when it is renewed.
-- In: permit_id, renew.  Out: 1 row.
SELECT issue_case_token(:permit_id, :renew) AS token

-- next_reference
-- The next free reference of a town; gaps are possible when a filing fails.
-- In: town (AGS), year (of filing, in the town's zone).  Out: 1 row.
SELECT next_reference(:town, :year) AS reference

-- insert_permit
-- A new case.
-- In: row (json object with the columns as keys).  Out: nothing.
INSERT INTO permit (
    permit_id, town, reference, status, parent, child_kind, case_group, use_type, purpose, address_text, commercial,
    charitable, area, detour, closed_segments, town_chosen, area_m2, area_declared_m2, frontage_m, count, zone,
    height_from_m, height_to_m, period, end_known, recurrence, excavation, restriction, takes, remaining_carriageway_m,
    remaining_footway_m, pedestrian_guidance, cycle_guidance, traffic_order, consents, fee, urgent_reason, filed_by,
    language, filed_at, source, source_reference, demo)
SELECT
    permit_id, town, reference, status, parent, child_kind, case_group, use_type, purpose, address_text, commercial,
    charitable, area, detour, closed_segments, town_chosen, area_m2, area_declared_m2, frontage_m, count, zone,
    height_from_m, height_to_m, period, end_known, recurrence, excavation, restriction, takes, remaining_carriageway_m,
    remaining_footway_m, pedestrian_guidance, cycle_guidance, traffic_order, consents, fee, urgent_reason, filed_by,
    language, filed_at, source, source_reference, demo
FROM jsonb_populate_record(CAST(NULL AS permit), CAST(:row AS jsonb))

-- update_permit
-- An undecided case is asked for anew: everything the applicant stated, nothing of the procedure.
-- In: permit_id, row (json object with the columns as keys).  Out: nothing.
UPDATE permit SET (
    town, use_type, purpose, address_text, commercial, charitable, area, detour, closed_segments, town_chosen, area_m2,
    area_declared_m2, frontage_m, count, zone, height_from_m, height_to_m, period, end_known, recurrence, excavation,
    restriction, takes, remaining_carriageway_m, remaining_footway_m, pedestrian_guidance, cycle_guidance,
    traffic_order, consents, fee, urgent_reason, language, version, updated_at) = (
    SELECT
        asked.town, asked.use_type, asked.purpose, asked.address_text, asked.commercial, asked.charitable, asked.area,
        asked.detour, asked.closed_segments, asked.town_chosen, asked.area_m2, asked.area_declared_m2,
        asked.frontage_m, asked.count, asked.zone, asked.height_from_m, asked.height_to_m, asked.period,
        asked.end_known, asked.recurrence, asked.excavation, asked.restriction, asked.takes,
        asked.remaining_carriageway_m, asked.remaining_footway_m, asked.pedestrian_guidance, asked.cycle_guidance,
        asked.traffic_order, asked.consents, asked.fee, asked.urgent_reason, asked.language, permit.version + 1, now()
    FROM jsonb_populate_record(CAST(NULL AS permit), CAST(:row AS jsonb)) AS asked)
WHERE permit.permit_id = :permit_id

-- write_applicant
-- Who asks; replaced when the case is asked for anew.
-- In: applicant_id, permit_id, town (AGS; NULL for a draft), name, email, phone, address.  Out: 1 row.
INSERT INTO applicant AS known (applicant_id, permit_id, town, name, email, phone, address)
VALUES (:applicant_id, :permit_id, :town, :name, :email, :phone, :address)
ON CONFLICT (permit_id) DO UPDATE SET town = EXCLUDED.town, name = EXCLUDED.name, email = EXCLUDED.email,
    phone = EXCLUDED.phone, address = EXCLUDED.address
RETURNING applicant_id

-- show_applicant_to_town
-- A draft is filed: from now on the town's desk sees who asks.
-- In: permit_id, town (AGS).  Out: nothing.
UPDATE applicant SET town = :town
WHERE permit_id = :permit_id

-- get_permit
-- One case with all its facts; geometries as EWKB, the period as its bounds. Row-level security decides who sees it.
-- children: the changes of it that were asked for, the oldest first; the town's desk sees them, the applicant has a token for each.
-- In: reference, permit_id (NULL where the reference is known).  Out: 0 or 1 row.
SELECT permit.permit_id, permit.town, town.name AS town_name, permit.reference, permit.status, permit.parent,
    permit.child_kind, parent.reference AS parent_reference, permit.case_group, permit.use_type, permit.purpose, permit.address_text, permit.commercial, permit.charitable,
    ST_AsEWKB(permit.area) AS area, ST_AsEWKB(permit.detour) AS detour, permit.closed_segments, permit.town_chosen,
    permit.area_m2, permit.area_declared_m2, permit.frontage_m, permit.count, permit.zone, permit.height_from_m,
    permit.height_to_m, lower(permit.period) AS period_start, upper(permit.period) AS period_end, permit.recurrence,
    permit.excavation, permit.restriction, permit.takes, permit.remaining_carriageway_m, permit.remaining_footway_m,
    permit.pedestrian_guidance, permit.cycle_guidance, permit.traffic_order, permit.consents, permit.conditions,
    permit.fee, permit.urgent_reason, permit.filed_by, permit.language, permit.filed_at, permit.decided_at, permit.due_at,
    permit.demo, permit.version, permit.created_at, permit.updated_at, permit.findings_at_grant, permit.rule_basis,
    applicant.name AS applicant_name, applicant.email AS applicant_email, applicant.phone AS applicant_phone,
    applicant.address AS applicant_address, applicant.applicant_id,
    (SELECT occupation.occupation_id FROM occupation
     WHERE occupation.source_id = permit.permit_id ORDER BY occupation.occupation_id LIMIT 1) AS occupation_id,
    (SELECT jsonb_agg(jsonb_build_object('reference', child.reference, 'kind', child.child_kind, 'status', child.status)
        ORDER BY child.filed_at, child.permit_id)
     FROM permit AS child
     WHERE child.parent = permit.permit_id AND child.reference IS NOT NULL) AS children
FROM permit
INNER JOIN town ON town.ags = permit.town
LEFT JOIN applicant ON applicant.permit_id = permit.permit_id
LEFT JOIN permit AS parent ON parent.permit_id = permit.parent
WHERE permit.reference = :reference OR permit.permit_id = CAST(:permit_id AS uuid)

-- get_applicant
-- Who asks, as stored.
-- In: permit_id.  Out: 0 or 1 row.
SELECT name, email, phone, address, invoice_address
FROM applicant
WHERE permit_id = :permit_id

-- lock_permit
-- Waits for and keeps out other writers of one case until the end of the transaction.
-- In: reference, permit_id (NULL where it is not known).  Out: 0 or 1 row.
SELECT permit_id
FROM permit
WHERE permit_id = :permit_id OR reference = :reference
FOR UPDATE

-- status_of_permit
-- Where a case is.
-- In: permit_id.  Out: 0 or 1 row.
SELECT status
FROM permit
WHERE permit_id = :permit_id

-- permit_then
-- The row `today` of a permit as it was at a moment; as it is now where nothing has changed since.
-- In: moment; a row of permit named today around it.  Out: 1 row with the columns of permit.
SELECT * FROM jsonb_populate_record(
    today,
    (SELECT past.facts FROM permit_past AS past WHERE past.permit_id = today.permit_id AND past.valid_until >= :moment
        ORDER BY past.past_id LIMIT 1))

-- extensions_of_permit
-- The extensions of a permit in some states, and theirs: the last in time first.
-- In: reference, permit_id (NULL where the reference is known), statuses (text[]).  Out: any number of rows.
WITH RECURSIVE longer AS (
    SELECT child.permit_id, child.reference, child.status, 1 AS depth
    FROM permit AS parent
    INNER JOIN permit AS child ON child.parent = parent.permit_id AND child.child_kind = 'extension'
    WHERE parent.reference = :reference OR parent.permit_id = CAST(:permit_id AS uuid)
    UNION ALL
    SELECT child.permit_id, child.reference, child.status, longer.depth + 1
    FROM longer
    INNER JOIN permit AS child ON child.parent = longer.permit_id AND child.child_kind = 'extension'
)
SELECT reference FROM longer
WHERE status = ANY(:statuses)
ORDER BY depth DESC, permit_id

-- conditions_of_permit
-- What a permit is bound to.
-- In: permit_id.  Out: 0 or 1 row.
SELECT conditions
FROM permit
WHERE permit_id = :permit_id

-- history_of_permit
-- The steps a case has taken, oldest first.
-- In: permit_id.  Out: any number of rows.
SELECT from_status, to_status, at, actor_role, actor_name, reason_code, reason, overrides
FROM permit_transition
WHERE permit_id = :permit_id
ORDER BY transition_id

-- add_transition
-- Records one step; steps are never changed or removed.
-- In: permit_id, town, from_status (NULL at filing), to_status, at, actor_role, actor_name, reason_code, reason,
-- overrides (json array of finding, reason).  Out: nothing.
INSERT INTO permit_transition
    (permit_id, town, from_status, to_status, at, actor_role, actor_name, reason_code, reason, overrides)
VALUES
    (:permit_id, :town, :from_status, :to_status, :at, :actor_role, :actor_name, :reason_code, :reason,
     CAST(:overrides AS jsonb))

-- set_status
-- A case takes a step.
-- In: permit_id, status, filed_at and reference (kept where NULL), decided_at (kept where NULL), conditions (json
-- array, kept where NULL), findings_at_grant (json array, kept where NULL), rule_basis (kept where NULL), due_at (until
-- when an answer is awaited).  Out: nothing.
UPDATE permit SET
    status = :status,
    reference = coalesce(:reference, reference),
    filed_at = coalesce(:filed_at, filed_at),
    decided_at = coalesce(:decided_at, decided_at),
    conditions = coalesce(CAST(:conditions AS jsonb), conditions),
    findings_at_grant = coalesce(CAST(:findings_at_grant AS jsonb), findings_at_grant),
    rule_basis = coalesce(:rule_basis, rule_basis),
    due_at = :due_at,
    version = version + 1,
    updated_at = now()
WHERE permit_id = :permit_id

-- set_fee
-- The desk sets another fee than the tariff's, or goes back to that.
-- In: permit_id, fee (json object or NULL).  Out: nothing.
UPDATE permit SET fee = CAST(:fee AS jsonb), version = version + 1, updated_at = now()
WHERE permit_id = :permit_id

-- list_permits
-- The queue of a desk, newest filing first, one page after a place (by deadline: list_permits.py). Row-level security shows the own town only.
-- In: town (AGS), status (array, NULL = any), words (all of them in reference, purpose, address or name, NULL = any),
-- after_at and after_id (last row of the page before, NULL = from the start), number.  Out: at most number rows.
SELECT permit.permit_id, permit.reference, permit.town, permit.status, permit.use_type, permit.purpose,
    permit.address_text, permit.area_m2, permit.restriction, lower(permit.period) AS period_start,
    upper(permit.period) AS period_end, permit.filed_at, permit.decided_at, permit.due_at, permit.act_by,
    permit.urgent_reason,
    permit.fee ->> 'total_eur' AS fee_total_eur, permit.demo, permit.version, permit.updated_at,
    applicant.name AS applicant_name,
    ST_AsGeoJSON(ST_ForcePolygonCCW(ST_Transform(permit.area, 4326)), 7, 0) AS geometry,
    (SELECT count(*) FROM occupation INNER JOIN finding ON finding.mine_occupation = occupation.occupation_id
        WHERE occupation.source_id = permit.permit_id AND finding.status = 'open' AND finding.severity = 'block')
        AS open_blocks
FROM permit
LEFT JOIN applicant ON applicant.permit_id = permit.permit_id
WHERE permit.town = :town
  AND permit.reference IS NOT NULL
  AND (CAST(:status AS text[]) IS NULL OR permit.status = ANY(CAST(:status AS text[])))
  AND (CAST(:words AS text) IS NULL OR permit.permit_id IN (SELECT find_cases(:words)))
  AND (CAST(:after_at AS timestamptz) IS NULL OR (permit.filed_at, permit.permit_id)
       < (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid)))
ORDER BY permit.filed_at DESC, permit.permit_id DESC
LIMIT :number

-- due_by_clock
-- Cases of a town that the clock moves: their period has begun or is over, or the offices asked have had their time.
-- In: town (AGS), as_of, number.  Out: at most number rows, the oldest first.
SELECT permit_id, version,
    CASE status WHEN 'granted' THEN 'active' WHEN 'active' THEN 'ended' ELSE 'in_review' END AS next_status
FROM permit
WHERE town = :town
  AND ((status = 'granted' AND lower(period) <= :as_of)
       OR (status = 'active' AND upper(period) <= :as_of)
       OR (status = 'in_consultation' AND due_at <= :as_of))
ORDER BY lower(period), permit_id
LIMIT :number
