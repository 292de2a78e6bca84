-- Papers that people add to a case. The bytes lie in a file named by a random id (documents/file_store.py); a row is
-- written after its file is whole, so a row without a file does not exist, and a file without a row is swept.
CREATE TABLE case_document (
    document_id uuid CONSTRAINT case_document_pkey PRIMARY KEY,   -- names the file, too
    permit_id uuid NOT NULL CONSTRAINT case_document_permit_fkey REFERENCES permit (permit_id) ON DELETE CASCADE,
    kind text NOT NULL,                       -- code list document_kind
    name text NOT NULL,                       -- cleaned; for people only, never a path
    media_type text NOT NULL,                 -- as found in the bytes
    size_bytes integer NOT NULL,
    sha256 bytea NOT NULL,
    added_at timestamptz NOT NULL,
    added_by_role text NOT NULL,
    added_by text NOT NULL,
    removed_at timestamptz,                   -- the record that there was one stays, its file goes
    removed_by_role text,
    removed_by text,
    CONSTRAINT case_document_media_type_known CHECK (media_type IN ('application/pdf', 'image/png', 'image/jpeg')),
    CONSTRAINT case_document_size_plausible CHECK (size_bytes BETWEEN 1 AND 10485760),
    CONSTRAINT case_document_removed_whole CHECK (
        (removed_at IS NULL) = (removed_by IS NULL) AND (removed_at IS NULL) = (removed_by_role IS NULL))
);
CREATE INDEX case_document_permit ON case_document (permit_id, added_at);

-- What the town decided, in writing: the facts are kept in the transaction of the decision, the sheet is drawn from them
-- once, and neither changes afterwards.
CREATE TABLE case_notice (
    notice_id uuid CONSTRAINT case_notice_pkey PRIMARY KEY,
    permit_id uuid NOT NULL CONSTRAINT case_notice_permit_fkey REFERENCES permit (permit_id) ON DELETE CASCADE,
    decision text NOT NULL,                   -- the state that was decided
    decided_at timestamptz NOT NULL,
    facts jsonb NOT NULL,                     -- everything the notice says: the case, the town's words, the reason
    file_id uuid,                             -- NULL until it is drawn
    sha256 bytea,
    size_bytes integer,
    made_at timestamptz,
    forgotten_at timestamptz,                 -- when the person was taken out of it and its file with it
    CONSTRAINT case_notice_decision_known CHECK (
        decision IN ('granted', 'rejected', 'more_information_needed', 'dismissed', 'revoked')),
    CONSTRAINT case_notice_made_whole CHECK (
        (file_id IS NULL) = (sha256 IS NULL) AND (file_id IS NULL) = (size_bytes IS NULL) AND (file_id IS NULL) = (made_at IS NULL))
);
CREATE INDEX case_notice_permit ON case_notice (permit_id, decided_at);

-- Whoever sees the case sees its papers: the policies of `permit` are asked, so that a case that moves to another town
-- takes them along, and a draft's are its applicant's alone.
ALTER TABLE case_document ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_document FORCE ROW LEVEL SECURITY;
ALTER TABLE case_notice ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_notice FORCE ROW LEVEL SECURITY;
CREATE POLICY case_document_of_case ON case_document
    USING (EXISTS (SELECT 1 FROM permit WHERE permit.permit_id = case_document.permit_id));
CREATE POLICY case_document_removed_once ON case_document AS RESTRICTIVE FOR UPDATE
    USING (removed_at IS NULL) WITH CHECK (true);
CREATE POLICY case_notice_of_case ON case_notice
    USING (EXISTS (SELECT 1 FROM permit WHERE permit.permit_id = case_notice.permit_id));
CREATE POLICY case_notice_made_once ON case_notice AS RESTRICTIVE FOR UPDATE
    USING ((file_id IS NULL AND forgotten_at IS NULL) OR current_actor() = 'system') WITH CHECK (true);
GRANT SELECT, INSERT ON case_document, case_notice TO geo_service_app;
GRANT UPDATE (removed_at, removed_by_role, removed_by) ON case_document TO geo_service_app;
GRANT UPDATE (file_id, sha256, size_bytes, made_at) ON case_notice TO geo_service_app;

-- A made notice stays as it is for the owner's mistakes, too; only the person in it may be forgotten, and while the case
-- is being anonymised (app.forgetting) every word of theirs.
CREATE FUNCTION case_notice_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('app.forgetting', true) = OLD.permit_id::text
       AND to_jsonb(NEW) - 'facts' - 'forgotten_at' = to_jsonb(OLD) - 'facts' - 'forgotten_at' THEN
        RETURN NEW;
    END IF;
    IF (OLD.file_id IS NOT NULL AND (NEW.file_id, NEW.sha256, NEW.size_bytes, NEW.made_at)
            IS DISTINCT FROM (OLD.file_id, OLD.sha256, OLD.size_bytes, OLD.made_at))
       OR (NEW.notice_id, NEW.permit_id, NEW.decision, NEW.decided_at)
            IS DISTINCT FROM (OLD.notice_id, OLD.permit_id, OLD.decision, OLD.decided_at)
       OR NEW.facts #- '{case,applicant}' IS DISTINCT FROM OLD.facts #- '{case,applicant}' THEN
        RAISE insufficient_privilege USING MESSAGE = 'a notice is never changed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_notice_stays BEFORE UPDATE ON case_notice FOR EACH ROW EXECUTE FUNCTION case_notice_stays();

-- For whoever anonymises a case: its papers are named no more, so that their files are swept, and its notices lose the
-- applicant and what they have written. Only the service itself may, and only for a case of the town it speaks for.
-- Returns how many papers and notices.
CREATE FUNCTION forget_papers(wanted uuid) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE papers integer; notices integer;
    before constant text := coalesce(current_setting('app.forgetting', true), '');
    own constant jsonb := '{"purpose": null, "address_text": null, "urgent_reason": null}';
BEGIN
    IF current_actor() <> 'system' OR NOT EXISTS (SELECT 1 FROM permit WHERE permit_id = wanted AND town = current_town()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'this case is not open';
    END IF;
    PERFORM set_config('app.forgetting', wanted::text, true);
    DELETE FROM case_document WHERE permit_id = wanted;
    GET DIAGNOSTICS papers = ROW_COUNT;
    UPDATE case_notice SET forgotten_at = now(), facts = jsonb_set(facts, '{case}', (facts -> 'case') - 'applicant' || own)
    WHERE permit_id = wanted AND forgotten_at IS NULL;
    GET DIAGNOSTICS notices = ROW_COUNT;
    PERFORM set_config('app.forgetting', before, true);
    RETURN papers + notices;
END $$;

-- The files that some row still names. Without row-level security, because the owner of the tables has to heed it too
-- and whoever sweeps sees no case; the ids are random and say nothing about whose they are. Written by triggers only.
CREATE TABLE stored_file (file_id uuid CONSTRAINT stored_file_pkey PRIMARY KEY);
GRANT SELECT ON stored_file TO geo_service_app;
CREATE FUNCTION file_is_named() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM stored_file WHERE file_id = CASE TG_TABLE_NAME
            WHEN 'case_document' THEN (to_jsonb(OLD) ->> 'document_id')::uuid ELSE (to_jsonb(OLD) ->> 'file_id')::uuid END;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO stored_file
        SELECT named.id
        FROM (SELECT CASE TG_TABLE_NAME
            WHEN 'case_document' THEN (to_jsonb(NEW) ->> 'document_id')::uuid ELSE (to_jsonb(NEW) ->> 'file_id')::uuid END) AS named (id)
        WHERE named.id IS NOT NULL AND to_jsonb(NEW) ->> 'removed_at' IS NULL AND to_jsonb(NEW) ->> 'forgotten_at' IS NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER case_document_file AFTER INSERT OR UPDATE OR DELETE ON case_document FOR EACH ROW EXECUTE FUNCTION file_is_named();
CREATE TRIGGER case_notice_file AFTER INSERT OR UPDATE OR DELETE ON case_notice FOR EACH ROW EXECUTE FUNCTION file_is_named();

-- Which folder of files belongs to this database: another database's rows name none of its files.
CREATE TABLE file_home (home_id uuid NOT NULL DEFAULT gen_random_uuid());
INSERT INTO file_home DEFAULT VALUES;
GRANT SELECT ON file_home TO geo_service_app;
