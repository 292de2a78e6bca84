-- What a desk writes down for itself about a case: nobody else reads it, and it is not changed afterwards.
CREATE TABLE case_note (
    note_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT case_note_pkey PRIMARY KEY,
    permit_id uuid NOT NULL CONSTRAINT case_note_permit_fkey REFERENCES permit (permit_id) ON DELETE CASCADE,
    town text NOT NULL,
    at timestamptz NOT NULL,
    by_name text NOT NULL,
    words text NOT NULL
);
CREATE INDEX case_note_permit ON case_note (permit_id, note_id);
ALTER TABLE case_note ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_note FORCE ROW LEVEL SECURITY;
CREATE POLICY case_note_desk ON case_note USING (town = current_town()) WITH CHECK (town = current_town());
GRANT SELECT, INSERT ON case_note TO geo_service_app;

CREATE FUNCTION current_consultation() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.consultation', true), '')::uuid $$;
COMMENT ON FUNCTION current_consultation() IS 'The one consultation that is open, by its token.';

-- Another office or a neighbour town is asked about a case. It sees this row, and of the case what is in `shown`.
CREATE TABLE consultation (
    consultation_id uuid CONSTRAINT consultation_pkey PRIMARY KEY,
    permit_id uuid NOT NULL CONSTRAINT consultation_permit_fkey REFERENCES permit (permit_id) ON DELETE CASCADE,
    town text NOT NULL,                       -- who asks
    office text NOT NULL,                     -- who is asked, in words
    asked_town text CONSTRAINT consultation_asked_town_fkey REFERENCES town (ags),   -- a neighbour: its desk sees it
    question text NOT NULL,
    shown jsonb NOT NULL,                     -- the case as it was when asked, without anything about the applicant
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,              -- exclusive
    verdict text,
    answer text,
    answered_by text,
    answered_at timestamptz,
    CONSTRAINT consultation_verdict_known CHECK (verdict IN ('no_objection', 'conditions', 'objection')),
    CONSTRAINT consultation_answered_whole CHECK ((verdict IS NULL) = (answered_at IS NULL))
);
CREATE INDEX consultation_permit ON consultation (permit_id);
CREATE INDEX consultation_asked_town ON consultation (asked_town, asked_at) WHERE asked_town IS NOT NULL;
ALTER TABLE consultation ENABLE ROW LEVEL SECURITY;
ALTER TABLE consultation FORCE ROW LEVEL SECURITY;
CREATE POLICY consultation_read ON consultation FOR SELECT
    USING (current_town() IN (town, asked_town) OR consultation_id = current_consultation());
CREATE POLICY consultation_ask ON consultation FOR INSERT WITH CHECK (town = current_town() AND answered_at IS NULL);
-- Answered once, by whoever was asked, or by the desk that asked and was told by word of mouth.
CREATE POLICY consultation_answer ON consultation FOR UPDATE
    USING (answered_at IS NULL AND (current_town() IN (town, asked_town) OR consultation_id = current_consultation()))
    WITH CHECK (current_town() IN (town, asked_town) OR consultation_id = current_consultation());
GRANT SELECT, INSERT ON consultation TO geo_service_app;
GRANT UPDATE (verdict, answer, answered_by, answered_at) ON consultation TO geo_service_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO geo_service_app;

CREATE FUNCTION consultation_token(id uuid) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT rtrim(translate(encode(hmac('consultation.' || id::text, (SELECT encode(value, 'hex') FROM server_secret WHERE name = 'case_token'), 'sha256'), 'base64'), '+/', '-_'), '=') $$;
REVOKE ALL ON FUNCTION consultation_token(uuid) FROM public;

-- The token of a consultation, for the desk that asks; it may send the link again.
CREATE FUNCTION issue_consultation_token(id uuid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM consultation WHERE consultation_id = id AND town = current_town()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'this consultation is not yours';
    END IF;
    RETURN consultation_token(id);
END $$;

-- Opens one consultation for the rest of the transaction; hashing both sides makes the time of comparing say nothing.
CREATE FUNCTION open_consultation(wanted uuid, token text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF sha256(convert_to(consultation_token(wanted), 'UTF8')) <> sha256(convert_to(coalesce(token, ''), 'UTF8')) THEN
        RETURN false;
    END IF;
    PERFORM set_config('app.consultation', wanted::text, true);
    RETURN true;
END $$;
