-- How long people stay known; as the service itself, town by town.

-- drafts_left_lying
-- Drafts that nobody has touched for long; also those that were given up before they were filed.
-- In: town (AGS), untouched_since, number.  Out: at most number rows.
SELECT permit_id
FROM permit
WHERE town = :town AND reference IS NULL AND updated_at <= :untouched_since
ORDER BY updated_at, permit_id
LIMIT :number

-- delete_draft_occupation
-- What a draft would take up.
-- In: permit_id.  Out: nothing.
DELETE FROM occupation
WHERE source_id = :permit_id

-- delete_draft
-- A draft that was never filed, with everything that hangs on it.
-- In: permit_id.  Out: 1 row, none where it was filed meanwhile.
DELETE FROM permit
WHERE permit_id = :permit_id AND reference IS NULL
RETURNING permit_id

-- cases_to_anonymise
-- Cases that have been over for long and still know the person. A permit that nobody has accepted is over, too.
-- In: town (AGS), over (array of states), over_since, number.  Out: at most number rows, the oldest first.
SELECT permit_id
FROM permit
WHERE town = :town
  AND reference IS NOT NULL
  AND anonymised_at IS NULL
  AND status = ANY(CAST(:over AS text[]))
  AND coalesce((SELECT max(step.at) FROM permit_transition AS step WHERE step.permit_id = permit.permit_id),
               permit.updated_at) <= :over_since
ORDER BY updated_at, permit_id
LIMIT :number

-- forget_person
-- A case goes on without the person.
-- In: permit_id.  Out: 1 row; counts (json object), NULL where it was done before.
SELECT forget_person(:permit_id) AS counts

-- people_left_over
-- Cases that have been over for so long and still hold a person, a party, a statement, a paper or a message: none, when
-- all is done.
-- In: town (AGS), over (array of states), over_since, untouched_since.  Out: 1 row.
SELECT count(*) AS left_over
FROM permit
WHERE town = :town
  AND ((reference IS NULL AND updated_at <= :untouched_since)
       OR (reference IS NOT NULL AND status = ANY(CAST(:over AS text[]))
           AND coalesce((SELECT max(step.at) FROM permit_transition AS step WHERE step.permit_id = permit.permit_id),
                        permit.updated_at) <= :over_since
           AND (purpose IS NOT NULL OR address_text IS NOT NULL OR urgent_reason IS NOT NULL
                OR EXISTS (SELECT 1 FROM applicant WHERE applicant.permit_id = permit.permit_id)
                OR EXISTS (SELECT 1 FROM occupation WHERE occupation.source_id = permit.permit_id AND party IS NOT NULL)
                OR EXISTS (SELECT 1 FROM case_document WHERE case_document.permit_id = permit.permit_id)
                OR EXISTS (SELECT 1 FROM case_notice
                    WHERE case_notice.permit_id = permit.permit_id AND forgotten_at IS NULL)
                OR EXISTS (SELECT 1 FROM message
                    WHERE message.permit_id = permit.permit_id AND (recipient, subject, body) <> ('', '', ''))
                OR EXISTS (SELECT 1 FROM case_note WHERE case_note.permit_id = permit.permit_id))))

-- record_run
-- What a run has done.
-- In: town (AGS), at, counts (json object), left_over.  Out: nothing.
INSERT INTO retention_run (town, at, counts, left_over)
VALUES (:town, :at, CAST(:counts AS jsonb), :left_over)

-- list_runs
-- The last runs; row-level security shows those of the own town.
-- In: number.  Out: at most number rows, newest first.
SELECT at, counts, left_over
FROM retention_run
ORDER BY run_id DESC
LIMIT :number
