-- Cases and people: FORCE row-level security, never searched by geometry. A row is seen by the clerks of its town
-- (app.town) or by whoever opened that one case with its token (app.case).

CREATE TABLE permit (
    permit_id uuid CONSTRAINT permit_pkey PRIMARY KEY,
    town text NOT NULL CONSTRAINT permit_town_fkey REFERENCES town (ags),
    reference text CONSTRAINT permit_reference_unique UNIQUE,   -- NULL while a draft
    status text NOT NULL,
    parent uuid CONSTRAINT permit_parent_fkey REFERENCES permit (permit_id),
    child_kind text,
    case_group uuid NOT NULL,
    use_type text NOT NULL,
    purpose text,
    address_text text,
    commercial boolean,
    charitable boolean,
    area geometry(Geometry, 25832) NOT NULL,
    detour geometry(Geometry, 25832),
    closed_segments text[] NOT NULL DEFAULT '{}',
    town_chosen text,                         -- the applicant's choice where two towns are possible
    area_m2 double precision NOT NULL,
    area_declared_m2 double precision,
    frontage_m double precision,
    count integer,
    zone text,
    height_from_m double precision,
    height_to_m double precision,
    period tstzrange NOT NULL,
    end_known boolean NOT NULL DEFAULT true,
    recurrence jsonb,
    excavation boolean NOT NULL DEFAULT false,
    restriction text NOT NULL DEFAULT 'none',
    takes text[],
    remaining_carriageway_m double precision,
    remaining_footway_m double precision,
    pedestrian_guidance text,
    cycle_guidance text,
    traffic_order jsonb,
    consents text[] NOT NULL DEFAULT '{}',
    conditions jsonb NOT NULL DEFAULT '[]',
    fee jsonb,
    urgent_reason text,
    filed_by text NOT NULL DEFAULT 'online',
    language text NOT NULL DEFAULT 'de',
    filed_at timestamptz,
    decided_at timestamptz,
    findings_at_grant jsonb,
    source text,                              -- the other system that an imported case comes from
    source_reference text,                    -- its reference there
    demo boolean NOT NULL DEFAULT false,
    version integer NOT NULL DEFAULT 1,       -- the ETag
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT permit_source_unique UNIQUE (source, source_reference),
    CONSTRAINT permit_area_plausible CHECK (NOT ST_IsEmpty(area) AND ST_XMin(area) > 200000 AND ST_XMax(area) < 1000000
        AND ST_YMin(area) > 5200000 AND ST_YMax(area) < 6200000),
    CONSTRAINT permit_period_not_empty CHECK (NOT isempty(period) AND NOT lower_inf(period)),
    CONSTRAINT permit_filed_has_reference CHECK (
        (reference IS NOT NULL AND filed_at IS NOT NULL) OR (status IN ('draft', 'withdrawn') AND reference IS NULL)),
    CONSTRAINT permit_status_known CHECK (status IN ('draft', 'submitted', 'in_review', 'more_information_needed',
        'in_consultation', 'granted', 'rejected', 'withdrawn', 'dismissed', 'active', 'ended', 'overrun', 'accepted',
        'rework_needed', 'surrendered', 'lapsed', 'revoked')),
    CONSTRAINT permit_granted_has_findings CHECK (status NOT IN ('granted', 'active') OR findings_at_grant IS NOT NULL)
);
CREATE INDEX permit_queue ON permit (town, status, filed_at);

CREATE TABLE applicant (
    applicant_id uuid CONSTRAINT applicant_pkey PRIMARY KEY,
    permit_id uuid NOT NULL CONSTRAINT applicant_permit_unique UNIQUE
        CONSTRAINT applicant_permit_fkey REFERENCES permit (permit_id) ON DELETE CASCADE,
    town text,                                -- NULL while a draft: no clerk sees who is only trying
    name text NOT NULL,
    email text,
    phone text,
    address text,
    invoice_address text
);

CREATE TABLE permit_transition (
    transition_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT permit_transition_pkey PRIMARY KEY,
    permit_id uuid NOT NULL CONSTRAINT permit_transition_permit_fkey REFERENCES permit (permit_id) ON DELETE CASCADE,
    town text NOT NULL,
    from_status text,
    to_status text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_role text NOT NULL,
    actor_name text NOT NULL,
    reason_code text,
    reason text,
    overrides jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX permit_transition_permit ON permit_transition (permit_id);

-- What a rule found for one occupation (and one other object); the caller's cut is made when it is shown.
CREATE TABLE finding (
    finding_id text NOT NULL,                 -- hash(rule, mine, other or '-', segment or '-')
    mine_occupation bigint NOT NULL CONSTRAINT finding_mine_fkey REFERENCES occupation (occupation_id) ON DELETE CASCADE,
    other_occupation bigint CONSTRAINT finding_other_fkey REFERENCES occupation (occupation_id) ON DELETE CASCADE,
    mine_source uuid NOT NULL,
    other_source uuid,
    mine_town text,
    other_town text,
    segment_id text,
    rule text NOT NULL,
    number text NOT NULL,
    rule_version text NOT NULL,
    severity text NOT NULL,
    could_be text,
    measured double precision,
    limit_value double precision,
    unit text,
    needed_for_grant boolean NOT NULL DEFAULT false,
    missing text[],
    geometry geometry(Geometry, 25832),
    during tstzrange,
    document jsonb NOT NULL,                  -- legal source, explanation and advice de/en as found
    status text NOT NULL DEFAULT 'open',
    settled_by text,
    settled_at timestamptz,
    settled_severity text,                    -- the worst of both directions of the pair when it was settled
    note text,
    first_found_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT finding_pkey PRIMARY KEY (finding_id),
    CONSTRAINT finding_severity_known CHECK (severity IN ('block', 'warn', 'info', 'chance', 'undetermined')),
    CONSTRAINT finding_status_known CHECK (status IN ('open', 'accepted', 'resolved', 'overridden')),
    CONSTRAINT finding_settled_severity_known CHECK (settled_severity IN ('block', 'warn', 'info', 'chance', 'undetermined')),
    CONSTRAINT finding_block_settled_by_override CHECK (severity <> 'block' OR status IN ('open', 'overridden'))
);
COMMENT ON TABLE finding IS 'Both directions of a pair are stored; an override holds for both (conflicts.sql settle_finding).';
CREATE INDEX finding_mine ON finding (mine_occupation);
CREATE INDEX finding_other ON finding (other_occupation);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['permit', 'applicant', 'permit_transition'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY %I ON %I USING (town = current_town() OR permit_id = current_case())'
                       ' WITH CHECK (town = current_town() OR permit_id = current_case())', name || '_own', name);
    END LOOP;
END $$;
-- A draft is the applicant's own affair: no desk sees it before it is filed.
CREATE POLICY permit_draft_own ON permit AS RESTRICTIVE FOR SELECT
    USING (reference IS NOT NULL OR permit_id = current_case());
-- A filed case is never deleted, and with it no decision and no reason; only a draft may go.
CREATE POLICY permit_delete_draft ON permit AS RESTRICTIVE FOR DELETE USING (status = 'draft');
ALTER TABLE finding ENABLE ROW LEVEL SECURITY;
ALTER TABLE finding FORCE ROW LEVEL SECURITY;
CREATE POLICY finding_own ON finding
    USING (current_town() IN (mine_town, other_town) OR current_case() IN (mine_source, other_source) OR current_actor() = 'operator')
    WITH CHECK (current_town() IN (mine_town, other_town) OR current_case() IN (mine_source, other_source) OR current_actor() = 'operator');

-- The application cannot read this table: a token is compared inside open_case, and the secret never leaves.
CREATE TABLE server_secret (
    name text CONSTRAINT server_secret_pkey PRIMARY KEY,
    value bytea NOT NULL
);
INSERT INTO server_secret VALUES ('case_token', gen_random_bytes(32));

CREATE TABLE case_key (
    permit_id uuid CONSTRAINT case_key_pkey PRIMARY KEY
        CONSTRAINT case_key_permit_fkey REFERENCES permit (permit_id) ON DELETE CASCADE,
    reference text CONSTRAINT case_key_reference_unique UNIQUE,
    token_version integer NOT NULL DEFAULT 1
);

CREATE FUNCTION case_token(id uuid, version integer) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT rtrim(translate(encode(hmac(id::text || '.' || version, (SELECT encode(value, 'hex') FROM server_secret WHERE name = 'case_token'), 'sha256'), 'base64'), '+/', '-_'), '=') $$;

-- The token of a stored case, registered on first use; `renew` makes every older token worthless.
-- Only for the case or town that is open: the owner may be above row-level security, so it is asked here again.
CREATE FUNCTION issue_case_token(id uuid, renew boolean) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine permit; kept case_key;
BEGIN
    SELECT * INTO mine FROM permit WHERE permit_id = id AND (town = current_town() OR permit_id = current_case());
    IF NOT FOUND THEN
        RAISE insufficient_privilege USING MESSAGE = 'this case is not open';
    END IF;
    INSERT INTO case_key AS k (permit_id, reference) VALUES (mine.permit_id, mine.reference)
    ON CONFLICT (permit_id) DO UPDATE SET reference = EXCLUDED.reference,
        token_version = k.token_version + CASE WHEN renew THEN 1 ELSE 0 END
    RETURNING * INTO kept;
    RETURN case_token(kept.permit_id, kept.token_version);
END $$;

-- Opens one case for the rest of the transaction, by its reference or, while a draft, by its id.
-- Hashing both sides makes the comparison's time say nothing.
CREATE FUNCTION open_case(wanted text, token text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE kept case_key;
BEGIN
    SELECT * INTO kept FROM case_key WHERE reference = wanted;
    IF NOT FOUND AND wanted ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
        SELECT * INTO kept FROM case_key WHERE permit_id = wanted::uuid;
    END IF;
    IF kept.permit_id IS NULL
       OR sha256(convert_to(case_token(kept.permit_id, kept.token_version), 'UTF8')) <> sha256(convert_to(coalesce(token, ''), 'UTF8')) THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('app.case', kept.permit_id::text, true);
    RETURN kept.permit_id;
END $$;

CREATE TABLE reference_counter (
    town text NOT NULL,
    year integer NOT NULL,
    last_number integer NOT NULL,
    CONSTRAINT reference_counter_pkey PRIMARY KEY (town, year)
);

CREATE FUNCTION next_reference(for_town text, for_year integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE number integer; prefix text;
BEGIN
    SELECT reference_prefix INTO STRICT prefix FROM town WHERE ags = for_town;
    INSERT INTO reference_counter AS c VALUES (for_town, for_year, 1)
    ON CONFLICT (town, year) DO UPDATE SET last_number = c.last_number + 1
    RETURNING last_number INTO number;
    RETURN coalesce(prefix, for_town) || '-' || for_year || '-' || lpad(number::text, 6, '0');
END $$;

-- The published part follows the case in the same transaction. Nobody but this function writes it: it runs as the
-- owner, and row-level security of both tables still asks who speaks when the owner is no superuser.
CREATE FUNCTION permit_publish() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE uses jsonb;
BEGIN
    SELECT settings -> 'published_uses_except' INTO uses FROM town WHERE ags = NEW.town;
    IF NEW.status IN ('granted', 'active', 'overrun', 'rework_needed')
       AND NOT coalesce(uses, '["umzug_halteverbot"]'::jsonb) ? NEW.use_type THEN
        INSERT INTO published_permit (permit_id, town, reference, use_type, status, area, area_m2, period, restriction, demo, updated_at)
        VALUES (NEW.permit_id, NEW.town, NEW.reference, NEW.use_type, NEW.status, NEW.area, NEW.area_m2, NEW.period,
                NEW.restriction, NEW.demo, NEW.updated_at)
        ON CONFLICT (permit_id) DO UPDATE SET town = EXCLUDED.town, reference = EXCLUDED.reference, use_type = EXCLUDED.use_type,
            status = EXCLUDED.status, area = EXCLUDED.area, area_m2 = EXCLUDED.area_m2, period = EXCLUDED.period,
            restriction = EXCLUDED.restriction, demo = EXCLUDED.demo, updated_at = EXCLUDED.updated_at;
    ELSE
        DELETE FROM published_permit WHERE permit_id = NEW.permit_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER permit_publish AFTER INSERT OR UPDATE ON permit FOR EACH ROW EXECUTE FUNCTION permit_publish();
