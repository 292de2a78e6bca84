-- The life of stored findings: read one, list a desk's, what a change has begun to block, what must be made anew.

-- instant_now
-- The instant of this very statement, for what is asked about later in the same transaction.
-- In: nothing.  Out: 1 row.
SELECT clock_timestamp() AS instant

-- finding_columns
-- What a finding that is read alone or in a list shows of itself, of mine and of the other.
-- In: as for whoever uses it.  Out: columns.
    finding.finding_id, finding.mine_occupation, finding.mine_source, finding.mine_town, finding.segment_id, finding.rule,
    finding.number, finding.rule_version, finding.severity, finding.could_be, finding.measured, finding.limit_value,
    finding.unit, finding.needed_for_grant, finding.missing, finding.together, finding.document, finding.status,
    finding.note, finding.settled_by, finding.settled_at, finding.version, finding.rank, finding.found_no,
    finding.first_found_at, finding.blocking_since, ST_AsEWKB(finding.geometry) AS geometry,
    ST_AsGeoJSON(ST_Transform(finding.geometry, 4326), 7, 0) AS geojson, lower(finding.during) AS during_start,
    upper(finding.during) AS during_end, finding.other_occupation AS other_id, partner.collection AS other_collection,
    partner.source_id AS other_source, finding.other_source AS object_id, finding.other_town AS object_town, partner.reference, partner.town AS other_town, partner.label, partner.use_type, partner.kind,
    partner.state, partner.published, lower(partner.period) AS other_start, upper(partner.period) AS other_end,
    mine.collection AS mine_collection, mine.reference AS mine_reference, mine.label AS mine_label,
    mine.use_type AS mine_use_type, mine.kind AS mine_kind, mine.state AS mine_state, mine.published AS mine_published,
    lower(mine.period) AS mine_start, upper(mine.period) AS mine_end

-- get_finding
-- One stored finding, if the caller may see it; `lock` keeps other writers out.
-- In: finding_id.  Out: 0 or 1 row.
SELECT «finding_columns»
FROM finding
INNER JOIN occupation AS mine ON mine.occupation_id = finding.mine_occupation
LEFT JOIN occupation AS partner ON partner.occupation_id = finding.other_occupation
WHERE finding.finding_id = :finding_id
FOR UPDATE OF finding

-- list_conflicts
-- The findings of one town, its own and those of others against it, each unordered pair once for a rule with the
-- higher severity (where both are equal, the town's own), the worst first. One page after a place.
-- In: town (AGS), severity and status (arrays, NULL = any), after_rank and after_no (last row of the page before, NULL =
-- from the start), number.  Out: at most number rows.
SELECT «finding_columns»
FROM (
    (SELECT own.*
    FROM finding AS own
    WHERE own.mine_town = :town AND «conditions»
    ORDER BY own.rank, own.found_no LIMIT :number)
    UNION ALL
    (SELECT own.*
    FROM finding AS own
    WHERE own.other_town = :town AND own.mine_town IS DISTINCT FROM :town AND «conditions»
    ORDER BY own.rank, own.found_no LIMIT :number)
) AS finding
INNER JOIN occupation AS mine ON mine.occupation_id = finding.mine_occupation
LEFT JOIN occupation AS partner ON partner.occupation_id = finding.other_occupation
ORDER BY finding.rank, finding.found_no LIMIT :number

-- news_across
-- What has begun to block or warn across a border in this transaction, or has got worse in it, and nobody has settled.
-- One row for a rule and pair, the worse direction, else that of the one who acts. street_name: the nearest known one to the
-- finding, or to the one who acts where the finding is another one's own, which only counts it in.
-- In: keys (array of finding_id), acting (source_id of the one who acts), street_m.  Out: at most one row for each key.
SELECT DISTINCT ON (finding.rule, finding.segment_id, pair.key) «finding_columns», street.street_name
FROM finding
CROSS JOIN LATERAL (SELECT CASE WHEN finding.mine_source = :acting THEN finding.other_source
    ELSE finding.mine_source END AS key) AS pair
LEFT JOIN occupation AS acting ON acting.source_id = :acting
CROSS JOIN LATERAL (SELECT CASE WHEN finding.other_source IS NULL AND finding.mine_source <> :acting
    THEN coalesce(acting.area, acting.detour) ELSE finding.geometry END AS shape) AS ground
INNER JOIN occupation AS mine ON mine.occupation_id = finding.mine_occupation
LEFT JOIN occupation AS partner ON partner.occupation_id = finding.other_occupation
LEFT JOIN LATERAL (
    SELECT segment.street_name
    FROM road_segment AS segment
    WHERE ST_DWithin(segment.axis, ground.shape, CAST(:street_m AS double precision)) AND segment.street_name IS NOT NULL
    ORDER BY segment.axis <-> ground.shape, segment.segment_id LIMIT 1
) AS street ON true
WHERE finding.finding_id = ANY(CAST(:keys AS text[])) AND finding.status = 'open' AND finding.worse_since = now()
ORDER BY finding.rule, finding.segment_id, pair.key, finding.rank, (finding.mine_source <> :acting)

-- acting_object
-- What acts, with the columns of the other in list_findings of conflicts.sql.
-- In: source_id.  Out: 0 or 1 row; none for a place with a rule of its own.
SELECT occupation.occupation_id AS other_id, occupation.collection AS other_collection, occupation.source_id AS other_source,
    occupation.reference, occupation.town AS other_town, occupation.label, occupation.use_type, occupation.kind,
    occupation.state, occupation.published, lower(occupation.period) AS other_start, upper(occupation.period) AS other_end
FROM occupation
WHERE occupation.source_id = :source_id

-- conditions
-- Which findings a page of list_conflicts shows.
-- In: as for list_conflicts.  Out: a condition.
    (CAST(:severity AS text[]) IS NULL OR own.severity = ANY(CAST(:severity AS text[])))
    AND (CAST(:status AS text[]) IS NULL OR own.status = ANY(CAST(:status AS text[])))
    AND (CAST(:after_rank AS integer) IS NULL
        OR (own.rank, own.found_no) > (CAST(:after_rank AS integer), CAST(:after_no AS bigint)))
    AND NOT EXISTS (
        SELECT 1
        FROM finding AS shown
        WHERE shown.mine_occupation = own.other_occupation AND shown.other_occupation = own.mine_occupation
            AND shown.rule = own.rule AND shown.segment_id IS NOT DISTINCT FROM own.segment_id
            AND (shown.rank, shown.mine_town IS DISTINCT FROM :town, shown.found_no)
            < (own.rank, own.mine_town IS DISTINCT FROM :town, own.found_no))

-- blocks_given
-- What has begun to block something binding since an instant, because of some occupations: rules of its own that count
-- one of them in, and directions of pairs that their own findings do not tell already.
-- In: occupations (array of ids), since.  Out: one row for each finding and culprit, with the columns of list_findings
-- of conflicts.sql, the harmed one as the other.
SELECT
    culprit.occupation_id AS culprit_id,
    finding.finding_id, finding.mine_occupation, finding.mine_source, finding.mine_town, finding.segment_id,
    finding.rule, finding.number, finding.rule_version, finding.severity, finding.could_be, finding.measured,
    finding.limit_value, finding.unit, finding.needed_for_grant, finding.missing, finding.together, finding.document,
    finding.status, finding.note, finding.version, ST_AsEWKB(finding.geometry) AS geometry,
    ST_AsGeoJSON(ST_Transform(finding.geometry, 4326), 7, 0) AS geojson, lower(finding.during) AS during_start,
    upper(finding.during) AS during_end, harmed.occupation_id AS other_id, harmed.collection AS other_collection,
    harmed.source_id AS other_source, harmed.reference, harmed.town AS other_town, harmed.label, harmed.use_type,
    harmed.kind, harmed.state, harmed.published, lower(harmed.period) AS other_start, upper(harmed.period) AS other_end,
    finding.other_source AS object_id, finding.other_town AS object_town
FROM unnest(CAST(:occupations AS bigint[])) AS culprit (occupation_id)
CROSS JOIN LATERAL (
    SELECT paired.finding_id FROM finding AS paired WHERE paired.other_occupation = culprit.occupation_id
    UNION
    SELECT kept.finding_id FROM finding_together AS kept WHERE kept.occupation_id = culprit.occupation_id
) AS told_of
-- OFFSET 0: from what the culprits are told of to the findings, never all findings for each culprit.
CROSS JOIN LATERAL (SELECT kept.* FROM finding AS kept WHERE kept.finding_id = told_of.finding_id OFFSET 0) AS finding
INNER JOIN occupation AS harmed ON harmed.occupation_id = finding.mine_occupation AND harmed.binding
WHERE finding.blocking_since >= CAST(:since AS timestamptz) AND finding.mine_occupation <> culprit.occupation_id
    AND NOT EXISTS (
        SELECT 1
        FROM finding AS told
        WHERE told.mine_occupation = culprit.occupation_id AND told.other_occupation = finding.mine_occupation
            AND told.rule = finding.rule AND told.segment_id IS NOT DISTINCT FROM finding.segment_id
            AND told.blocking_since IS NOT NULL)
ORDER BY culprit.occupation_id, finding.rank, finding.number, finding.finding_id

-- find_basis
-- Whether rules and values are recorded under this hash, and by an earlier transaction: one's own may still roll back.
-- In: basis_id.  Out: 0 or 1 row.
SELECT recorded_at < now() AS committed
FROM rule_basis
WHERE basis_id = :basis_id

-- record_basis
-- Records the rules with the values in force for a town; once.
-- In: basis_id, town (NULL = outside every town), document (json).  Out: nothing.
INSERT INTO rule_basis (basis_id, town, document)
VALUES (:basis_id, :town, CAST(:document AS jsonb))
ON CONFLICT (basis_id) DO NOTHING

-- get_basis
-- The rules and values recorded under a hash.
-- In: basis_id.  Out: 0 or 1 row.
SELECT basis_id, town, document, recorded_at
FROM rule_basis
WHERE basis_id = :basis_id

-- bases_of_findings
-- What the stored findings of each town were made by.
-- In: town (AGS or '-', NULL = all).  Out: one row for each town, '-' for outside every town; basis_id NULL where none is known.
SELECT here.town, kept.basis_id
FROM (
    SELECT ags AS town FROM town
    UNION ALL
    SELECT '-' AS town
) AS here
LEFT JOIN findings_basis AS kept ON kept.town = here.town
WHERE CAST(:town AS text) IS NULL OR here.town = :town
ORDER BY here.town

-- save_basis_of_findings
-- Says what the findings of a town are made by from now on.
-- In: town ('-' for outside every town), basis_id.  Out: nothing.
INSERT INTO findings_basis (town, basis_id)
VALUES (:town, :basis_id)
ON CONFLICT (town) DO UPDATE SET basis_id = excluded.basis_id, updated_at = now()

-- due_of_town
-- Puts everything that counts in a town and along its border onto the list of a work.
-- In: work_id, town (AGS; '-' for outside every town).  Out: as many as are due.
INSERT INTO finding_due (work_id, occupation_id)
SELECT :work_id, occupation.occupation_id
FROM occupation
WHERE occupation.counts AND occupation.town IS NOT DISTINCT FROM nullif(:town, '-')
UNION
SELECT :work_id, occupation.occupation_id
FROM town
INNER JOIN occupation
    ON occupation.counts AND occupation.area && ST_Expand(town.boundary, town.boundary_accuracy_m)
    AND ST_DWithin(occupation.area, town.boundary, town.boundary_accuracy_m)
WHERE town.ags = :town

-- due_of_list
-- Puts occupations onto the list of a work, those that count.
-- In: work_id, occupations (array of ids).  Out: as many as are due.
INSERT INTO finding_due (work_id, occupation_id)
SELECT :work_id, occupation.occupation_id
FROM occupation
WHERE occupation.counts AND occupation.occupation_id = ANY(CAST(:occupations AS bigint[]))

-- next_due
-- The next occupations on the list of a work.
-- In: work_id, number.  Out: at most number rows.
SELECT occupation_id
FROM finding_due
WHERE work_id = :work_id
ORDER BY occupation_id LIMIT :number

-- strike_off
-- Takes what is done off the list of a work.
-- In: work_id, occupations (array of ids).  Out: nothing.
DELETE FROM finding_due
WHERE work_id = :work_id AND occupation_id = ANY(CAST(:occupations AS bigint[]))

-- count_due
-- How many are left on the list of a work.
-- In: work_id.  Out: 1 row.
SELECT count(*) AS due
FROM finding_due
WHERE work_id = :work_id
