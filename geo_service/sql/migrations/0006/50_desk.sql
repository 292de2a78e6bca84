-- What waits at a desk, by when it has to act; what is over does not lie in between. The newest filings of all states.
CREATE INDEX permit_waiting ON permit (town, act_by, permit_id)
    WHERE status IN ('submitted', 'in_review', 'more_information_needed', 'in_consultation');
CREATE INDEX permit_by_filing ON permit (town, filed_at, permit_id);

-- One spelling for what is searched and what is found: small letters, umlauts written out, every sort of street "str".
CREATE FUNCTION search_form(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT ' ' || regexp_replace(regexp_replace(
        translate(
            replace(replace(replace(replace(lower(translate(words, 'ÄÖÜ', 'äöü')), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss'),
            'áàâãåéèêëíìîïóòôõøúùûýçñšžćčğışţłńř', 'aaaaaeeeeiiiiooooouuuycnszccgistlnr'),
        'str(asse|ass|as|a|\.)?(?![a-z])', 'str', 'g'), '[^[:alnum:]@._]+', ' ', 'g') || ' '
$$;
COMMENT ON FUNCTION search_form(text) IS 'Words with one blank before and after each.';

-- What cases are found by: reference, applicant, place, purpose. Nobody reads it but find_cases(): under row-level
-- security LIKE is not leakproof and would be asked of every case of the town (0.7 s of 100,000 instead of 3 ms).
-- Not FORCE: the owner's function must not be held back by the same rule; the application has no right to it at all.
CREATE TABLE case_words (
    permit_id uuid CONSTRAINT case_words_pkey PRIMARY KEY
        CONSTRAINT case_words_permit_fkey REFERENCES permit (permit_id) ON DELETE CASCADE,
    town text NOT NULL,
    words text NOT NULL
);
CREATE INDEX case_words_trigrams ON case_words USING gin (words gin_trgm_ops);
ALTER TABLE case_words ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION case_words_follow(changed uuid) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    INSERT INTO case_words AS known (permit_id, town, words)
    SELECT permit.permit_id, permit.town,
        search_form(concat_ws(' ', permit.reference, applicant.name, permit.address_text, permit.purpose))
    FROM permit
    LEFT JOIN applicant ON applicant.permit_id = permit.permit_id
    WHERE permit.permit_id = changed AND permit.reference IS NOT NULL
    ON CONFLICT (permit_id) DO UPDATE SET town = EXCLUDED.town, words = EXCLUDED.words
    WHERE (known.town, known.words) IS DISTINCT FROM (EXCLUDED.town, EXCLUDED.words)
$$;
REVOKE ALL ON FUNCTION case_words_follow(uuid) FROM public;

CREATE FUNCTION case_words_kept() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM case_words_follow(CASE WHEN TG_OP = 'DELETE' THEN OLD.permit_id ELSE NEW.permit_id END);
    RETURN NULL;
END $$;
CREATE TRIGGER permit_words_new AFTER INSERT ON permit FOR EACH ROW WHEN (NEW.reference IS NOT NULL)
    EXECUTE FUNCTION case_words_kept();
CREATE TRIGGER permit_words AFTER UPDATE OF town, reference, address_text, purpose ON permit FOR EACH ROW
    WHEN ((OLD.town, OLD.reference, OLD.address_text, OLD.purpose)
        IS DISTINCT FROM (NEW.town, NEW.reference, NEW.address_text, NEW.purpose))
    EXECUTE FUNCTION case_words_kept();
CREATE TRIGGER applicant_words AFTER INSERT OR DELETE OR UPDATE OF name ON applicant FOR EACH ROW
    EXECUTE FUNCTION case_words_kept();

-- Cases of the town that is speaking, in which every word occurs; a word of one or two letters at a word's beginning.
-- The longest word is looked up in the index, the others are asked of what it finds.
CREATE FUNCTION find_cases(asked text) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan ROWS 200 AS $$
DECLARE patterns text[]; telling text;
BEGIN
    SELECT array_agg(pattern), (array_agg(pattern ORDER BY length(pattern) DESC))[1] INTO patterns, telling
    FROM (
        SELECT CASE WHEN length(word) < 3 THEN '% ' ELSE '%' END
            || replace(replace(word, '_', '\_'), '%', '\%') || '%' AS pattern
        FROM regexp_split_to_table(btrim(search_form(asked)), ' +') AS word
        WHERE word <> '' LIMIT 8) AS each;
    IF telling IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT case_words.permit_id FROM case_words
        WHERE case_words.town = current_town() AND case_words.words LIKE telling AND case_words.words LIKE ALL (patterns);
END $$;

-- Cases that were filed before there was this table; the owner sees them while row-level security does not hold it.
ALTER TABLE permit NO FORCE ROW LEVEL SECURITY;
ALTER TABLE applicant NO FORCE ROW LEVEL SECURITY;
INSERT INTO case_words (permit_id, town, words)
SELECT permit.permit_id, permit.town,
    search_form(concat_ws(' ', permit.reference, applicant.name, permit.address_text, permit.purpose))
FROM permit
LEFT JOIN applicant ON applicant.permit_id = permit.permit_id
WHERE permit.reference IS NOT NULL;
ALTER TABLE permit FORCE ROW LEVEL SECURITY;
ALTER TABLE applicant FORCE ROW LEVEL SECURITY;

-- Findings that a supervisor has set aside for a site, an event or a detour, in words and with the reason; like every
-- line of this record they are never changed.
ALTER TABLE object_change ADD overrides jsonb NOT NULL DEFAULT '[]';
