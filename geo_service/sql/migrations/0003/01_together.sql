-- Free widths and ways through the network depend on everything that stands there: which occupations a finding counts
-- in beside mine and other, so that it is looked at again when one of them changes or goes.
ALTER TABLE finding ADD together bigint[];

-- The same the other way round. Row-level security keeps an index on the array from being used (@> is not leakproof),
-- so the ids stand in a table of their own, without anything else.
CREATE TABLE finding_together (
    occupation_id bigint NOT NULL,
    finding_id text NOT NULL CONSTRAINT finding_together_finding_fkey REFERENCES finding (finding_id) ON DELETE CASCADE,
    CONSTRAINT finding_together_pkey PRIMARY KEY (occupation_id, finding_id)
);
CREATE INDEX finding_together_finding ON finding_together (finding_id);
GRANT SELECT ON finding_together TO geo_service_app;

CREATE FUNCTION note_together() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.together IS NOT DISTINCT FROM NEW.together THEN
        RETURN NULL;
    END IF;
    DELETE FROM finding_together
    WHERE finding_id = NEW.finding_id AND occupation_id <> ALL (coalesce(NEW.together, '{}'));
    INSERT INTO finding_together (occupation_id, finding_id)
    SELECT DISTINCT counted, NEW.finding_id FROM unnest(NEW.together) AS counted
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER finding_note_together AFTER INSERT OR UPDATE ON finding FOR EACH ROW EXECUTE FUNCTION note_together();
