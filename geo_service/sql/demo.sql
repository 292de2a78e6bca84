-- find_fill
-- What is filled already.
-- In: part.  Out: 0 or 1 row.
SELECT fingerprint, demo_day
FROM demo_fill
WHERE part = :part

-- note_fill
-- Remembers from which data a part was filled; the day of the first time stays.
-- In: part, fingerprint, demo_day.  Out: nothing.
INSERT INTO demo_fill (part, fingerprint, demo_day)
VALUES (:part, :fingerprint, :demo_day)
ON CONFLICT (part) DO UPDATE SET fingerprint = EXCLUDED.fingerprint
