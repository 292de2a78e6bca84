-- desk_queue
-- One page of what a desk sees in one of its views, after a place. Row-level security shows the own town only.
-- «view» and «found» are conditions from below, «order» columns of the same direction (permits/desk_queue.py).
-- In: town (AGS), words (where asked for), after_at and after_id (last row of the page before, NULL = from the start),
-- number.  Out: at most number rows; at: what the order goes by; address_text: what was stated, else the streets.
SELECT permit.permit_id, permit.reference, permit.status, permit.use_type, permit.purpose,
    coalesce(nullif(permit.address_text, ''), (
        SELECT string_agg(DISTINCT segment.street_name, ', ')
        FROM occupation
        INNER JOIN occupation_segment AS stands ON stands.occupation_id = occupation.occupation_id
        INNER JOIN road_segment AS segment ON segment.gid = stands.segment_gid
        WHERE occupation.source_id = permit.permit_id)) AS address_text,
    lower(permit.period) AS period_start, upper(permit.period) AS period_end, permit.filed_at, permit.filed_by,
    permit.due_at, permit.act_by, permit.urgent_reason, applicant.name AS applicant_name, «order» AS at,
    (SELECT count(*) FROM occupation INNER JOIN finding ON finding.mine_occupation = occupation.occupation_id
        WHERE occupation.source_id = permit.permit_id AND finding.status = 'open' AND finding.severity = 'block')
        AS open_blocks
FROM permit
LEFT JOIN applicant ON applicant.permit_id = permit.permit_id
WHERE permit.town = :town AND permit.reference IS NOT NULL AND («view») AND («found»)
    AND (CAST(:after_at AS timestamptz) IS NULL
        OR («order», permit.permit_id) «beyond» (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid)))
ORDER BY «order» «direction», permit.permit_id «direction»
LIMIT :number

-- found_by_words
-- Cases in which all words occur; the function is bound to the town that is speaking.
-- In: words.
permit.permit_id IN (SELECT find_cases(:words))

-- view_open
-- Everything undecided. The same words as the index permit_waiting, so that it is used.
permit.status IN ('submitted', 'in_review', 'more_information_needed', 'in_consultation')

-- view_todo
-- What the desk itself can go on with.
permit.status IN ('submitted', 'in_review')

-- view_waiting
-- Undecided, and somebody else's answer is awaited.
permit.status IN ('more_information_needed', 'in_consultation')

-- view_overdue
-- Undecided, and the desk should have acted: a deadline has passed, or the use was to begin.
permit.status IN ('submitted', 'in_review', 'more_information_needed', 'in_consultation') AND permit.act_by <= now()
AND nullif(permit.urgent_reason, '') IS NULL

-- view_urgent
-- Undecided and urgent.
permit.status IN ('submitted', 'in_review', 'more_information_needed', 'in_consultation')
AND nullif(permit.urgent_reason, '') IS NOT NULL

-- view_granted
-- In force.
permit.status IN ('granted', 'active', 'overrun')

-- view_clearing
-- Over, and the place has not been accepted.
permit.status IN ('overrun', 'ended', 'rework_needed')

-- view_all
-- Everything filed.
true

-- waiting_counts
-- How much waits in the views of what is undecided, counted up to a limit: nobody works off more in a day.
-- In: town (AGS), most.  Out: 1 row.
SELECT
    count(*) AS open,
    count(*) FILTER (WHERE waiting.status IN ('submitted', 'in_review')) AS todo,
    count(*) FILTER (WHERE waiting.status IN ('more_information_needed', 'in_consultation')) AS waiting,
    count(*) FILTER (WHERE waiting.act_by <= now() AND NOT waiting.urgent) AS overdue,
    count(*) FILTER (WHERE waiting.urgent) AS urgent
FROM (
    SELECT permit.status, permit.act_by, nullif(permit.urgent_reason, '') IS NOT NULL AS urgent
    FROM permit
    WHERE permit.town = :town AND permit.reference IS NOT NULL
        AND permit.status IN ('submitted', 'in_review', 'more_information_needed', 'in_consultation')
    ORDER BY permit.act_by, permit.permit_id
    LIMIT :most) AS waiting

-- clearing_count
-- How much is over and not accepted, counted up to a limit.
-- In: town (AGS), most.  Out: 1 row.
SELECT count(*) AS clearing
FROM (
    SELECT 1 FROM permit
    WHERE permit.town = :town AND permit.status IN ('overrun', 'ended', 'rework_needed')
    LIMIT :most) AS over
