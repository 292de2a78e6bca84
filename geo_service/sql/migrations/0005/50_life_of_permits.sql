-- Deadlines: until when somebody's answer is awaited, and by when the desk has to act on an open case. What is urgent
-- is due since it was filed, what waits for an answer when that is due, everything else when the use begins.
ALTER TABLE permit ADD due_at timestamptz;
ALTER TABLE permit ADD act_by timestamptz GENERATED ALWAYS AS (
    coalesce(due_at, CASE WHEN nullif(urgent_reason, '') IS NOT NULL THEN filed_at END, lower(period))) STORED;
CREATE INDEX permit_by_deadline ON permit (town, act_by, permit_id);

-- As before, and what has overrun or needs rework is published without an end until it is cleared.
CREATE OR REPLACE FUNCTION permit_publish() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE uses jsonb; stands tstzrange;
BEGIN
    SELECT settings -> 'published_uses_except' INTO uses FROM town WHERE ags = NEW.town;
    IF NEW.status IN ('granted', 'active', 'overrun', 'rework_needed')
       AND NOT coalesce(uses, '["umzug_halteverbot"]'::jsonb) ? NEW.use_type THEN
        stands := CASE WHEN NEW.status IN ('overrun', 'rework_needed') THEN tstzrange(lower(NEW.period), NULL) ELSE NEW.period END;
        INSERT INTO published_permit (permit_id, town, reference, use_type, status, area, area_m2, period, restriction, demo, updated_at)
        VALUES (NEW.permit_id, NEW.town, NEW.reference, NEW.use_type, NEW.status, NEW.area, NEW.area_m2, stands,
                NEW.restriction, NEW.demo, NEW.updated_at)
        ON CONFLICT (permit_id) DO UPDATE SET town = EXCLUDED.town, reference = EXCLUDED.reference, use_type = EXCLUDED.use_type,
            status = EXCLUDED.status, area = EXCLUDED.area, area_m2 = EXCLUDED.area_m2, period = EXCLUDED.period,
            restriction = EXCLUDED.restriction, demo = EXCLUDED.demo, updated_at = EXCLUDED.updated_at;
    ELSE
        DELETE FROM published_permit WHERE permit_id = NEW.permit_id;
    END IF;
    RETURN NULL;
END $$;
