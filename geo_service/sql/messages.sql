-- E-mails: table message. Row-level security shows them to the desk of the town that writes.

-- post_message
-- A message is to be sent.
-- In: message_id, town, permit_id or collection and object_id (the other NULL), consultation_id (NULL = about no
-- consultation), told_town (AGS, NULL = no neighbour), kind, language, once (NULL = any number), recipient, subject, body,
-- posted_at.  Out: nothing.
INSERT INTO message
    (message_id, town, permit_id, collection, object_id, consultation_id, told_town, kind, language, once, recipient, subject,
    body, posted_at)
VALUES
    (:message_id, :town, :permit_id, :collection, :object_id, :consultation_id, :told_town, :kind, :language, :once,
    :recipient, :subject, :body, :posted_at)

-- find_posted
-- Whether a message that shall be one only is there.
-- In: about (id of the case or object), kind, marks (array: the own one and those that say it already).  Out: 0 or 1 row.
SELECT message_id
FROM message
WHERE (permit_id = :about OR object_id = :about) AND kind = :kind AND once = ANY(CAST(:marks AS text[]))
LIMIT 1

-- claim_message
-- A worker begins an attempt; every older attempt is over by it. What an older one was handing over is not claimed.
-- In: message_id, internet_id (kept where there is one).  Out: 0 or 1 row.
UPDATE message AS claimed SET state = 'sending', attempt = claimed.attempt + 1, next_try_at = NULL, changed_at = now(),
    internet_id = coalesce(claimed.internet_id, :internet_id)
WHERE claimed.message_id = :message_id AND claimed.state IN ('waiting', 'sending')
RETURNING claimed.message_id, claimed.town, claimed.permit_id, claimed.consultation_id, claimed.told_town, claimed.kind,
    claimed.language, claimed.recipient, claimed.subject, claimed.body, claimed.attempt, claimed.internet_id, claimed.posted_at,
    (SELECT permit.reference FROM permit WHERE permit.permit_id = claimed.permit_id) AS reference

-- give_up_handing_over
-- The worker of an attempt died while the mail server took the message over: nobody knows whether it did.
-- In: message_id.  Out: 0 or 1 row.
UPDATE message SET state = 'unknown', changed_at = now()
WHERE message_id = :message_id AND state = 'handing_over'
RETURNING message_id

-- set_state
-- An attempt goes on, if it is still the newest and the message is where it left it.
-- In: message_id, attempt, before (array of states), state, fault (NULL = none), next_try_at.  Out: 0 or 1 row.
UPDATE message SET state = :state, fault = :fault, next_try_at = :next_try_at, changed_at = now()
WHERE message_id = :message_id AND attempt = :attempt AND state = ANY(:before)
RETURNING message_id

-- note_broken
-- A fault of ours has ended the attempt at a message.
-- In: message_id.  Out: nothing.
UPDATE message SET state = CASE state WHEN 'handing_over' THEN 'unknown' ELSE 'failed' END, fault = 'internal',
    changed_at = now()
WHERE message_id = :message_id AND state IN ('waiting', 'sending', 'handing_over')

-- resend_message
-- The desk has a message sent again.
-- In: message_id, about (id of its case or object).  Out: 0 or 1 row; none while it is on its way.
UPDATE message SET state = 'waiting', fault = NULL, next_try_at = NULL, changed_at = now()
WHERE message_id = :message_id AND (permit_id = :about OR object_id = :about)
  AND state IN ('failed', 'unknown', 'not_configured', 'sent')
RETURNING message_id

-- messages_about
-- The messages about a case or an object.
-- In: about (its id).  Out: any number of rows, oldest first.
SELECT message_id, kind, language, recipient, subject, body, state, attempt, fault, posted_at, next_try_at, changed_at
FROM message
WHERE permit_id = :about OR object_id = :about
ORDER BY posted_at, message_id

-- list_messages
-- The messages of a desk, newest first, one page after a place.
-- In: town (AGS), states (array, NULL = any), after_at and after_id (last row of the page before, NULL = from the
-- start), number.  Out: at most number rows.
SELECT message.message_id, permit.reference, message.collection, message.object_id, message.kind, message.recipient,
    message.subject, message.state, message.attempt, message.fault, message.posted_at, message.next_try_at, message.changed_at
FROM message
LEFT JOIN permit ON permit.permit_id = message.permit_id
WHERE message.town = :town
  AND (CAST(:states AS text[]) IS NULL OR message.state = ANY(CAST(:states AS text[])))
  AND (CAST(:after_at AS timestamptz) IS NULL OR (message.posted_at, message.message_id)
       < (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid)))
ORDER BY message.posted_at DESC, message.message_id DESC
LIMIT :number

-- count_trouble
-- How many messages of a desk need somebody to look at them.
-- In: town (AGS).  Out: 1 row.
SELECT count(*) AS number
FROM message
WHERE town = :town AND state IN ('failed', 'unknown')

-- forget_messages
-- Nothing of a person is left in the messages of a case; that they were sent stays known.
-- In: permit_id.  Out: 1 row for each message that said something.
UPDATE message SET recipient = '', subject = '', body = '', fault = NULL,
    state = CASE WHEN state = 'sent' THEN state ELSE 'failed' END
WHERE permit_id = :permit_id AND (recipient, subject, body) <> ('', '', '')
RETURNING message_id

-- due_for_reminder
-- Cases of a town that wait for the applicant and whose deadline is near.
-- In: town (AGS), as_of, until (both instants), number.  Out: at most number rows.
SELECT permit_id
FROM permit
WHERE town = :town AND status = 'more_information_needed' AND due_at > :as_of AND due_at <= :until
  AND NOT EXISTS (SELECT 1 FROM message WHERE message.permit_id = permit.permit_id AND message.kind = 'reminder'
      AND message.once = instant(permit.due_at))
ORDER BY due_at, permit_id
LIMIT :number

-- consultation_link_token
-- The token of a consultation for the desk that asks.
-- In: consultation_id.  Out: 1 row.
SELECT issue_consultation_token(:consultation_id) AS token

-- case_link_token
-- The applicant's token of a case of the town that speaks.
-- In: permit_id.  Out: 1 row.
SELECT issue_case_token(:permit_id, false) AS token
