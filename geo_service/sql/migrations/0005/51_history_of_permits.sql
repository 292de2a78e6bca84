-- What was known of a filed case before each change, so that any past day can be read: the whole row as it was.
CREATE TABLE permit_past (
    past_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT permit_past_pkey PRIMARY KEY,
    permit_id uuid NOT NULL CONSTRAINT permit_past_permit_fkey REFERENCES permit (permit_id) ON DELETE CASCADE,
    town text NOT NULL,
    valid_until timestamptz NOT NULL,         -- the moment of the change, exclusive
    facts jsonb NOT NULL                      -- columns of permit; geometries as hex EWKB
);
CREATE INDEX permit_past_permit ON permit_past (permit_id, past_id);
ALTER TABLE permit_past ENABLE ROW LEVEL SECURITY;
ALTER TABLE permit_past FORCE ROW LEVEL SECURITY;
CREATE POLICY permit_past_own ON permit_past USING (town = current_town() OR permit_id = current_case())
    WITH CHECK (town = current_town() OR permit_id = current_case());
GRANT SELECT ON permit_past TO geo_service_app;

-- Written by this trigger only; it runs as the owner, and row-level security asks who speaks as for the permit itself.
CREATE FUNCTION permit_keep_past() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO permit_past (permit_id, town, valid_until, facts)
    VALUES (OLD.permit_id, OLD.town, now(),
            to_jsonb(OLD) || jsonb_build_object('area', OLD.area::text, 'detour', OLD.detour::text));
    RETURN NULL;
END $$;
CREATE TRIGGER permit_keep_past AFTER UPDATE ON permit FOR EACH ROW WHEN (OLD.reference IS NOT NULL)
    EXECUTE FUNCTION permit_keep_past();

-- The record of steps only grows, whoever asks: the application has no right to change it, and this holds for the
-- owner's mistakes, too. With a draft that is thrown away its steps go; the draft itself is gone by then.
CREATE FUNCTION permit_transition_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT 1 FROM permit WHERE permit_id = OLD.permit_id) THEN
        RETURN OLD;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = 'the recorded steps of a permit are never changed or removed';
END $$;
CREATE TRIGGER permit_transition_stays BEFORE UPDATE OR DELETE ON permit_transition FOR EACH ROW
    EXECUTE FUNCTION permit_transition_stays();
CREATE TRIGGER permit_transition_not_emptied BEFORE TRUNCATE ON permit_transition FOR EACH STATEMENT
    EXECUTE FUNCTION permit_transition_stays();
