-- Fee notices and what is booked on them; row-level security shows them to the desk of the town and the own applicant.

-- next_cash_number
-- The next number of a town's cash references.
-- In: town (AGS), year (0 where the pattern has no year).  Out: 1 row.
SELECT next_cash_number(:town, :year) AS number

-- issue_notice
-- The fee of a case is fixed.
-- In: permit_id, town, cash_reference, amount_eur, fee (json object), issued_at, issued_by, due_on.  Out: nothing.
INSERT INTO fee_notice (permit_id, town, cash_reference, amount_eur, fee, issued_at, issued_by, due_on)
VALUES (:permit_id, :town, :cash_reference, CAST(:amount_eur AS numeric), CAST(:fee AS jsonb), :issued_at, :issued_by,
    :due_on)

-- find_notice
-- The notice of one case with what is still to be paid.
-- In: permit_id, today (day in the town).  Out: 0 or 1 row.
SELECT notice.permit_id, notice.town, notice.cash_reference, notice.amount_eur, notice.fee, notice.issued_at,
    notice.issued_by, notice.due_on, booked.credits_eur, booked.paid_eur,
    notice.amount_eur + booked.effect_eur AS balance_eur,
    CASE WHEN booked.paid_eur > 0 THEN booked.paid_on END AS paid_on,
    CASE
        WHEN notice.amount_eur + booked.effect_eur > 0 AND notice.due_on < :today THEN 'overdue'
        WHEN notice.amount_eur + booked.effect_eur > 0 THEN 'open'
        WHEN notice.amount_eur + booked.effect_eur < 0 THEN 'refund_due'
        WHEN booked.paid_eur > 0 THEN 'paid'
        ELSE 'cancelled'
    END AS state
FROM fee_notice AS notice
CROSS JOIN LATERAL (
    SELECT coalesce(sum(fee_entry_effect(entry.kind, entry.amount_eur)), 0) AS effect_eur,
        coalesce(sum(-fee_entry_effect(entry.kind, entry.amount_eur))
            FILTER (WHERE entry.kind IN ('credit', 'credit_undone')), 0) AS credits_eur,
        coalesce(sum(-fee_entry_effect(entry.kind, entry.amount_eur))
            FILTER (WHERE entry.kind IN ('paid', 'paid_undone')), 0) AS paid_eur,
        max(entry.on_day) FILTER (WHERE entry.kind = 'paid') AS paid_on
    FROM fee_entry AS entry
    WHERE entry.permit_id = notice.permit_id
) AS booked
WHERE notice.permit_id = :permit_id

-- list_notices
-- Notices of a town by due day, one page after a place.
-- In: town (AGS), today, states (array, NULL = any), word (cash reference or reference, NULL = any), after_day and
-- after_id (last row of the page before, NULL = from the start), number.  Out: at most number rows.
SELECT listed.permit_id, listed.reference, listed.use_type, listed.payer, listed.cash_reference, listed.amount_eur,
    listed.balance_eur, listed.official, listed.issued_at, listed.due_on, listed.paid_on, listed.state
FROM (
    SELECT notice.permit_id, permit.reference, permit.use_type, applicant.name AS payer, notice.cash_reference,
        notice.amount_eur, notice.amount_eur + booked.effect_eur AS balance_eur,
        CAST(notice.fee ->> 'official' AS boolean) AS official, notice.issued_at, notice.due_on,
        CASE WHEN booked.paid_eur > 0 THEN booked.paid_on END AS paid_on,
        CASE
            WHEN notice.amount_eur + booked.effect_eur > 0 AND notice.due_on < :today THEN 'overdue'
            WHEN notice.amount_eur + booked.effect_eur > 0 THEN 'open'
            WHEN notice.amount_eur + booked.effect_eur < 0 THEN 'refund_due'
            WHEN booked.paid_eur > 0 THEN 'paid'
            ELSE 'cancelled'
        END AS state
    FROM fee_notice AS notice
    INNER JOIN permit ON permit.permit_id = notice.permit_id
    LEFT JOIN applicant ON applicant.permit_id = notice.permit_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(fee_entry_effect(entry.kind, entry.amount_eur)), 0) AS effect_eur,
            coalesce(sum(-fee_entry_effect(entry.kind, entry.amount_eur))
                FILTER (WHERE entry.kind IN ('paid', 'paid_undone')), 0) AS paid_eur,
            max(entry.on_day) FILTER (WHERE entry.kind = 'paid') AS paid_on
        FROM fee_entry AS entry
        WHERE entry.permit_id = notice.permit_id
    ) AS booked
    WHERE notice.town = :town
      AND (CAST(:word AS text) IS NULL OR notice.cash_reference = :word OR permit.reference = :word)
      AND (CAST(:after_day AS date) IS NULL OR (notice.due_on, notice.permit_id)
           > (CAST(:after_day AS date), CAST(:after_id AS uuid)))
) AS listed
WHERE CAST(:states AS text[]) IS NULL OR listed.state = ANY(CAST(:states AS text[]))
ORDER BY listed.due_on, listed.permit_id
LIMIT :number

-- list_entries
-- What was booked on a notice.
-- In: permit_id.  Out: any number of rows, oldest first.
SELECT kind, amount_eur, on_day, at, by_name, reason
FROM fee_entry
WHERE permit_id = :permit_id
ORDER BY entry_id

-- add_entry
-- Something is booked on a notice.
-- In: permit_id, town, kind, amount_eur, on_day, at, by_name, reason.  Out: nothing.
INSERT INTO fee_entry (permit_id, town, kind, amount_eur, on_day, at, by_name, reason)
VALUES (:permit_id, :town, :kind, :amount_eur, :on_day, :at, :by_name, :reason)

-- treasury_rows
-- For the treasury of a town: what became due and what was taken back, booked on days of a period. Payments are the
-- treasury's own knowledge, but for the day that is noted here.
-- In: town (AGS), starts and ends (instants, end exclusive), first_day, last_day (the same in days).
-- Out: any number of rows, the oldest first.
SELECT posting.kind, posting.on_day, posting.amount_eur, posting.reason, notice.cash_reference, notice.due_on,
    permit.reference, permit.use_type, applicant.name AS payer,
    coalesce(applicant.invoice_address, applicant.address) AS address,
    CAST(notice.fee ->> 'official' AS boolean) AS official
FROM (
    SELECT issued.permit_id, 'charge' AS kind, CAST(issued.issued_at AT TIME ZONE 'Europe/Berlin' AS date) AS on_day,
        issued.amount_eur, CAST(NULL AS text) AS reason, issued.issued_at AS at
    FROM fee_notice AS issued
    WHERE issued.town = :town AND issued.issued_at >= :starts AND issued.issued_at < :ends
    UNION ALL
    SELECT entry.permit_id, entry.kind, entry.on_day, entry.amount_eur, entry.reason, entry.at
    FROM fee_entry AS entry
    WHERE entry.town = :town AND entry.on_day BETWEEN :first_day AND :last_day
      AND entry.kind IN ('credit', 'credit_undone')
) AS posting
INNER JOIN fee_notice AS notice ON notice.permit_id = posting.permit_id
INNER JOIN permit ON permit.permit_id = notice.permit_id
LEFT JOIN applicant ON applicant.permit_id = notice.permit_id
ORDER BY posting.on_day, posting.at, posting.permit_id, posting.kind
