-- write_label
-- One code with its labels; replaces the labels it had.
-- In: list, code, de, en.  Out: nothing.
INSERT INTO code_label (list, code, de, en)
VALUES (:list, :code, :de, :en)
ON CONFLICT (list, code) DO UPDATE SET de = excluded.de, en = excluded.en

-- remove_other_labels
-- Removes the codes that the files no longer have.
-- In: lists, codes (arrays of equal length: what is to stay).  Out: nothing.
DELETE FROM code_label
WHERE (list, code) NOT IN (
    SELECT kept.list, kept.code
    FROM unnest(CAST(:lists AS text[]), CAST(:codes AS text[])) AS kept (list, code)
)

-- all_labels
-- Every code with its labels.
-- In: nothing.  Out: list, code, de, en.
SELECT list, code, de, en
FROM code_label
ORDER BY list, code
