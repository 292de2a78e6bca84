-- Since which transaction a finding is there, or as severe as it is, or open again. What was stored before is not told
-- to anybody afterwards: NULL.
ALTER TABLE finding ADD worse_since timestamptz;

CREATE FUNCTION finding_got_worse() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE order_of text[] := ARRAY['undetermined', 'chance', 'info', 'warn', 'block'];
BEGIN
    IF TG_OP = 'INSERT' OR array_position(order_of, NEW.severity) > array_position(order_of, OLD.severity)
        OR (NEW.status = 'open' AND OLD.status <> 'open') THEN
        NEW.worse_since := now();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER finding_got_worse BEFORE INSERT OR UPDATE ON finding FOR EACH ROW EXECUTE FUNCTION finding_got_worse();
