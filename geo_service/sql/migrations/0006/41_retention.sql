-- How long people stay known: unfiled drafts are thrown away, and a case that is long over is kept without the person.
ALTER TABLE permit ADD anonymised_at timestamptz;

-- What a run has removed, and that nothing is left over which should have gone.
CREATE TABLE retention_run (
    run_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT retention_run_pkey PRIMARY KEY,
    town text NOT NULL CONSTRAINT retention_run_town_fkey REFERENCES town (ags) ON DELETE CASCADE,
    at timestamptz NOT NULL,
    counts jsonb NOT NULL,                    -- how many drafts, people, parties, papers, messages, notes and texts
    left_over integer NOT NULL                -- cases that were due and still say something, counted afterwards
);
CREATE INDEX retention_run_town ON retention_run (town, run_id);
ALTER TABLE retention_run ENABLE ROW LEVEL SECURITY;
ALTER TABLE retention_run FORCE ROW LEVEL SECURITY;
CREATE POLICY retention_run_desk ON retention_run FOR SELECT USING (town = current_town());
CREATE POLICY retention_run_system ON retention_run FOR INSERT WITH CHECK (town = current_town() AND current_actor() = 'system');
GRANT SELECT, INSERT ON retention_run TO geo_service_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO geo_service_app;

-- As before, and the service itself finds the drafts of a town to throw them away. No desk sees them, and none deletes them
-- either: a DELETE that looks at no column asks no policy of SELECT.
DROP POLICY permit_draft_own ON permit;
CREATE POLICY permit_draft_own ON permit AS RESTRICTIVE FOR SELECT
    USING (reference IS NOT NULL OR permit_id = current_case() OR current_actor() = 'system');
DROP POLICY permit_delete_draft ON permit;
CREATE POLICY permit_delete_draft ON permit AS RESTRICTIVE FOR DELETE
    USING (reference IS NULL AND (current_actor() = 'system' OR (status = 'draft' AND permit_id = current_case())));

-- As before, and while a case is being anonymised its reasons may lose the person's name: nothing else of a step changes.
CREATE OR REPLACE FUNCTION permit_transition_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT 1 FROM permit WHERE permit_id = OLD.permit_id) THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('app.forgetting', true) = OLD.permit_id::text
       AND to_jsonb(NEW) - 'reason' - 'overrides' = to_jsonb(OLD) - 'reason' - 'overrides' THEN
        RETURN NEW;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = 'the recorded steps of a permit are never changed or removed';
END $$;

-- The same for fee notices and bookings, which are only ever added to: the application cannot change them at all.
CREATE POLICY fee_notice_forget ON fee_notice FOR UPDATE
    USING (town = current_town() AND current_actor() = 'system' AND current_setting('app.forgetting', true) = permit_id::text);
CREATE POLICY fee_entry_forget ON fee_entry FOR UPDATE
    USING (town = current_town() AND current_actor() = 'system' AND current_setting('app.forgetting', true) = permit_id::text);

-- What a person is known by: everything they stated, and the last word of the name, which others write down alone.
CREATE FUNCTION words_of_person(who applicant) RETURNS text[] LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(word ORDER BY length(word) DESC, word), '{}')
    FROM unnest(ARRAY[who.name, who.email, who.phone, who.address, who.invoice_address,
                      (regexp_match(who.name, '([[:alpha:]-]{4,})\s*$'))[1]]) AS stated (word)
    WHERE length(btrim(word)) >= 4
$$;

CREATE FUNCTION without_words(said text, words text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE word text;
BEGIN
    FOREACH word IN ARRAY words LOOP   -- any letter case; what is special in a pattern is itself
        said := regexp_replace(said, regexp_replace(word, '([^[:alnum:][:space:]])', '\\\1', 'g'), '[…]', 'gi');
    END LOOP;
    RETURN said;
END $$;

-- Columns and members with codes, numbers and days of ours: a person called Grant must not change what was granted.
CREATE FUNCTION holds_codes(name text) RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp
AS $$
    SELECT name ~ '_(at|on|eur|id|status|role|guidance)$|^(fragment_|period)'
        OR name = ANY ('{town,asked_town,town_chosen,ags,slug,status,state,reference,cash_reference,kind,child_kind,reason_code,
            use_type,decision,verdict,media_type,restriction,zone,takes,filed_by,language,once,rule_basis,recurrence,
            closed_segments,type,area,detour,geometry,from,to,until,role,rule,severity,official}')
$$;

-- In a document the words stand in values: keys and numbers are no words of a person.
CREATE FUNCTION without_words(said jsonb, words text[]) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
BEGIN
    CASE jsonb_typeof(said)
        WHEN 'string' THEN RETURN to_jsonb(without_words(said #>> '{}', words));
        WHEN 'array' THEN RETURN (SELECT coalesce(jsonb_agg(without_words(one, words) ORDER BY place), '[]')
                                  FROM jsonb_array_elements(said) WITH ORDINALITY AS item (one, place));
        WHEN 'object' THEN RETURN (SELECT coalesce(jsonb_object_agg(key, CASE WHEN holds_codes(key) THEN value ELSE without_words(value, words) END), '{}')
                                   FROM jsonb_each(said));
        ELSE RETURN said;
    END CASE;
END $$;

-- Takes the words of a person out of every text and document of every table that hangs on the case; returns how many rows
-- changed. It asks the catalogue, so that a new table with a permit_id is not forgotten.
CREATE FUNCTION strike_words(of_case uuid, words text[]) RETURNS integer LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE place record; struck integer; total integer := 0;
BEGIN
    FOR place IN
        SELECT c.oid::regclass AS name, string_agg(format('%1$I = without_words(%1$I, $2)', a.attname), ', ') AS changes,
            string_agg(format('%1$I IS DISTINCT FROM without_words(%1$I, $2)', a.attname), ' OR ') AS is_there
        FROM pg_class AS c
        INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'applicant'
          AND a.atttypid IN ('text'::regtype, 'jsonb'::regtype) AND NOT holds_codes(a.attname::text)
          AND EXISTS (SELECT 1 FROM pg_attribute AS k WHERE k.attrelid = c.oid AND k.attname = 'permit_id' AND NOT k.attisdropped)
        GROUP BY c.oid ORDER BY c.relname = 'permit' DESC, c.relname   -- the trigger on permit writes into permit_past
    LOOP
        EXECUTE format('UPDATE %s SET %s WHERE permit_id = $1 AND (%s)', place.name, place.changes, place.is_there)
            USING of_case, words;
        GET DIAGNOSTICS struck = ROW_COUNT;
        total := total + struck;
    END LOOP;
    UPDATE finding SET note = without_words(note, words)
    WHERE of_case IN (mine_source, other_source) AND note IS DISTINCT FROM without_words(note, words);
    GET DIAGNOSTICS struck = ROW_COUNT;
    RETURN total + struck;
END $$;

-- A case goes on without the person who asked: the decision, the place and the days stay. For the service itself, in the
-- town that it speaks for, once; NULL for every other case. Free texts of the applicant go whole, texts of others lose the
-- person's words, internal notes go, the token opens nothing any more.
CREATE FUNCTION forget_person(of_case uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE who applicant; papers integer; notes integer; texts integer; people integer; parties integer;
    own constant jsonb := '{"purpose": null, "address_text": null, "urgent_reason": null}';
BEGIN
    PERFORM FROM permit WHERE permit_id = of_case AND town = current_town() AND current_actor() = 'system' AND anonymised_at IS NULL
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('app.forgetting', of_case::text, true);
    SELECT * INTO who FROM applicant WHERE permit_id = of_case;
    papers := forget_papers(of_case);
    texts := strike_words(of_case, words_of_person(who));
    UPDATE permit SET purpose = NULL, address_text = NULL, urgent_reason = NULL, anonymised_at = now(), version = version + 1
    WHERE permit_id = of_case;
    UPDATE permit_past SET facts = without_words(facts, words_of_person(who)) || own WHERE permit_id = of_case;
    UPDATE consultation SET shown = jsonb_set(shown, '{properties,address_text}', 'null') WHERE permit_id = of_case;
    DELETE FROM case_note WHERE permit_id = of_case;
    GET DIAGNOSTICS notes = ROW_COUNT;
    UPDATE occupation SET party = NULL WHERE source_id = of_case AND party IS NOT NULL;
    GET DIAGNOSTICS parties = ROW_COUNT;
    DELETE FROM applicant WHERE permit_id = of_case;
    GET DIAGNOSTICS people = ROW_COUNT;
    DELETE FROM case_key WHERE permit_id = of_case;
    PERFORM set_config('app.forgetting', '', true);
    RETURN jsonb_build_object('people', people, 'parties', parties, 'papers', papers, 'notes', notes, 'texts', texts);
END $$;

-- Kept answers of POST requests hold a case with its applicant: from now on they are encrypted with the client's own key
-- (web/idempotency.py). Older ones cannot be read any more; they would have been forgotten within a day.
DELETE FROM idempotency_key;
