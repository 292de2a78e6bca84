-- What a finding's life needs beside what it says.
ALTER TABLE finding
    ADD settled_measured double precision,    -- the best measure since it was settled: what "worse" is held against
    ADD blocking_since timestamptz,           -- since when it blocks and nobody has overridden it; NULL = it does not
    ADD version integer NOT NULL DEFAULT 1,   -- the ETag: raised by what a clerk would see
    ADD found_no bigint GENERATED ALWAYS AS IDENTITY,
    ADD rank integer GENERATED ALWAYS AS (    -- 2 for the worst: block, could block, warn, …
        CASE coalesce(could_be, severity) WHEN 'block' THEN 2 WHEN 'warn' THEN 4 WHEN 'info' THEN 6 ELSE 8 END
        + CASE severity WHEN 'undetermined' THEN 1 ELSE 0 END) STORED;
UPDATE finding SET settled_measured = measured WHERE status <> 'open';
UPDATE finding SET blocking_since = updated_at
WHERE (severity = 'block' AND status <> 'overridden') OR (could_be = 'block' AND status = 'open');

-- One spot may hold ten thousand: the other direction of a pair is found by both sides, not by one.
DROP INDEX finding_mine;
CREATE INDEX finding_pair ON finding (mine_occupation, other_occupation, rule);
-- Pages of a desk's list, the worst first.
CREATE INDEX finding_of_mine_town ON finding (mine_town, rank, found_no);
CREATE INDEX finding_of_other_town ON finding (other_town, rank, found_no);

CREATE FUNCTION finding_life() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.severity = 'block' AND NEW.status <> 'overridden') OR (NEW.could_be = 'block' AND NEW.status = 'open') THEN
        -- Not now(): who changes several things in one transaction asks after each what it has begun to block.
        NEW.blocking_since := coalesce(OLD.blocking_since, clock_timestamp());
    ELSE
        NEW.blocking_since := NULL;
    END IF;
    IF NEW.status = 'open' THEN
        NEW.settled_measured := NULL;
    ELSIF TG_OP = 'UPDATE' AND OLD.status <> 'open' THEN
        NEW.settled_measured := CASE WHEN NEW.document ->> 'worse' = 'smaller'
            THEN greatest(OLD.settled_measured, NEW.measured) ELSE least(OLD.settled_measured, NEW.measured) END;
    ELSE
        NEW.settled_measured := coalesce(NEW.settled_measured, NEW.measured);
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.severity, NEW.could_be, NEW.measured, NEW.limit_value, NEW.missing, NEW.status, NEW.note)
        IS DISTINCT FROM (OLD.severity, OLD.could_be, OLD.measured, OLD.limit_value, OLD.missing, OLD.status, OLD.note) THEN
        NEW.version := OLD.version + 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER finding_life BEFORE INSERT OR UPDATE ON finding FOR EACH ROW EXECUTE FUNCTION finding_life();
