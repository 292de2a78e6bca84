-- tariff_in_force
-- The version of a town's tariff that is in force on a day: when it began, its last day, and a digest of its document.
SELECT f.valid_from, md5(f.document::text) AS digest
FROM tariff AS f
WHERE f.town = :town AND f.valid_from <= :day
    AND coalesce((f.document ->> 'valid_until')::date, 'infinity') >= :day
ORDER BY f.valid_from DESC
LIMIT 1

-- tariff_document
-- One version as it was stored.
SELECT f.document
FROM tariff AS f
WHERE f.town = :town AND f.valid_from = :valid_from

-- stored_tariffs
-- All versions of a town, by first day in force.
SELECT f.valid_from, f.document
FROM tariff AS f
WHERE f.town = :town
ORDER BY f.valid_from

-- forget_tariffs
-- Removes all versions of a town.
DELETE FROM tariff WHERE town = :town

-- save_tariff
-- Stores one version of a town's tariff.
INSERT INTO tariff (town, valid_from, official, document)
VALUES (:town, :valid_from, :official, CAST(:document AS jsonb))
