-- Notes of a desk and consultations of other offices; row-level security decides who sees what.

-- add_note
-- A desk writes something down about a case of its town.
-- In: permit_id, town (AGS), at, by_name, words.  Out: 1 row.
INSERT INTO case_note (permit_id, town, at, by_name, words)
VALUES (:permit_id, :town, :at, :by_name, :words)
RETURNING note_id, at, by_name, words

-- list_notes
-- The notes on a case.
-- In: permit_id.  Out: any number of rows, oldest first.
SELECT note_id, at, by_name, words
FROM case_note
WHERE permit_id = :permit_id
ORDER BY note_id

-- ask_office
-- An office is asked about a case.
-- In: consultation_id, permit_id, town, asked_town (AGS; NULL = no neighbour town), office, question, shown (json
-- object), asked_by, asked_at, due_at (exclusive).  Out: nothing.
INSERT INTO consultation
    (consultation_id, permit_id, town, asked_town, office, question, shown, asked_by, asked_at, due_at)
VALUES
    (:consultation_id, :permit_id, :town, :asked_town, :office, :question, CAST(:shown AS jsonb), :asked_by, :asked_at,
     :due_at)

-- await_offices
-- A case waits as long as the last of the offices that have not answered may take.
-- In: permit_id.  Out: nothing.
UPDATE permit SET
    due_at = (SELECT max(consultation.due_at) FROM consultation
        WHERE consultation.permit_id = permit.permit_id AND consultation.answered_at IS NULL),
    version = version + 1,
    updated_at = now()
WHERE permit_id = :permit_id

-- open_consultation
-- Opens one consultation for the rest of the transaction, if the token belongs to it.
-- In: consultation_id, token.  Out: 1 row; false when they do not fit.
SELECT open_consultation(:consultation_id, :token) AS opened

-- get_consultation
-- One consultation; the token only for the desk that asks.
-- In: consultation_id.  Out: 0 or 1 row.
SELECT consultation_id, permit_id, town, asked_town, office, question, shown, asked_by, asked_at, due_at, verdict,
    answer, answered_by, answered_at, closed_at,
    CASE WHEN town = current_town() THEN issue_consultation_token(consultation_id) END AS token
FROM consultation
WHERE consultation_id = :consultation_id

-- consultations_of_case
-- Those of one case, with the token for the desk that asks.
-- In: permit_id.  Out: any number of rows, oldest first.
SELECT consultation_id, permit_id, town, asked_town, office, question, shown, asked_by, asked_at, due_at, verdict,
    answer, answered_by, answered_at, closed_at,
    CASE WHEN town = current_town() THEN issue_consultation_token(consultation_id) END AS token
FROM consultation
WHERE permit_id = :permit_id
ORDER BY asked_at, consultation_id

-- consultations_asked_of
-- Those that a neighbour town was asked for, the ones that wait for an answer first.
-- In: town (AGS), number.  Out: at most number rows.
SELECT consultation_id, permit_id, town, asked_town, office, question, shown, asked_by, asked_at, due_at, verdict,
    answer, answered_by, answered_at, closed_at, CAST(NULL AS text) AS token
FROM consultation
WHERE asked_town = :town
ORDER BY coalesce(answered_at, closed_at) IS NOT NULL, due_at, consultation_id
LIMIT :number

-- count_asked_of
-- How many a neighbour town has still to answer.
-- In: town (AGS).  Out: 1 row.
SELECT count(*) AS unanswered
FROM consultation
WHERE asked_town = :town AND answered_at IS NULL AND closed_at IS NULL

-- answer_office
-- An office answers, once, as long as it is asked.
-- In: consultation_id, verdict, answer, answered_by, answered_at.  Out: 1 row, none where it was answered before.
UPDATE consultation SET verdict = :verdict, answer = :answer, answered_by = :answered_by, answered_at = :answered_at
WHERE consultation_id = :consultation_id AND answered_at IS NULL AND closed_at IS NULL
RETURNING consultation_id

-- close_consultations
-- The case is decided or withdrawn: nobody is asked about it any more.
-- In: permit_id, at.  Out: nothing.
UPDATE consultation SET closed_at = :at
WHERE permit_id = :permit_id AND answered_at IS NULL AND closed_at IS NULL

-- count_unanswered
-- How many offices have still to answer about a case.
-- In: permit_id.  Out: 1 row.
SELECT count(*) AS unanswered
FROM consultation
WHERE permit_id = :permit_id AND answered_at IS NULL
