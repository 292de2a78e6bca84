-- The fee as it was fixed by the grant, and what was booked on it since. Nothing here is ever changed: what is to be
-- paid, and whether it is, follows from the entries.
CREATE TABLE fee_notice (
    permit_id uuid CONSTRAINT fee_notice_pkey PRIMARY KEY
        CONSTRAINT fee_notice_permit_fkey REFERENCES permit (permit_id),
    town text NOT NULL CONSTRAINT fee_notice_town_fkey REFERENCES town (ags),
    cash_reference text NOT NULL,             -- Kassenzeichen
    amount_eur numeric(12, 2) NOT NULL,
    fee jsonb NOT NULL,                       -- lines with their formula, the tariff, who set another amount and why
    issued_at timestamptz NOT NULL,
    issued_by text NOT NULL,
    due_on date NOT NULL,
    CONSTRAINT fee_notice_cash_reference_unique UNIQUE (town, cash_reference),
    CONSTRAINT fee_notice_amount_positive CHECK (amount_eur > 0)
);
CREATE INDEX fee_notice_by_due_day ON fee_notice (town, due_on, permit_id);
CREATE INDEX fee_notice_by_issue ON fee_notice (town, issued_at);

CREATE TABLE fee_entry (
    entry_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT fee_entry_pkey PRIMARY KEY,
    permit_id uuid NOT NULL CONSTRAINT fee_entry_notice_fkey REFERENCES fee_notice (permit_id),
    town text NOT NULL,
    kind text NOT NULL,
    amount_eur numeric(12, 2) NOT NULL,
    on_day date NOT NULL,
    at timestamptz NOT NULL,
    by_name text NOT NULL,
    reason text,
    CONSTRAINT fee_entry_kind_known CHECK (kind IN ('credit', 'credit_undone', 'paid', 'paid_undone', 'paid_back')),
    CONSTRAINT fee_entry_amount_positive CHECK (amount_eur > 0)
);
CREATE INDEX fee_entry_notice ON fee_entry (permit_id, entry_id);
CREATE INDEX fee_entry_by_day ON fee_entry (town, on_day);

-- What an entry adds to what is still to be paid.
CREATE FUNCTION fee_entry_effect(kind text, amount numeric) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN kind IN ('credit', 'paid') THEN -amount ELSE amount END $$;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['fee_notice', 'fee_entry'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING (town = current_town() OR permit_id = current_case())',
                       name || '_read', name);
        EXECUTE format('CREATE POLICY %I ON %I FOR INSERT WITH CHECK (town = current_town())', name || '_write', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT ON fee_notice, fee_entry TO geo_service_app;

-- Numbers of cash references, counted for each town, and for each year where its pattern names the year (else year 0).
CREATE TABLE cash_counter (
    town text NOT NULL,
    year integer NOT NULL,
    last_number integer NOT NULL,
    CONSTRAINT cash_counter_pkey PRIMARY KEY (town, year)
);

-- The application cannot touch the counter but for its own town.
CREATE FUNCTION next_cash_number(for_town text, for_year integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE number integer;
BEGIN
    IF for_town IS DISTINCT FROM current_town() THEN
        RAISE insufficient_privilege USING MESSAGE = 'this is not the cash office of your town';
    END IF;
    INSERT INTO cash_counter AS c VALUES (for_town, for_year, 1)
    ON CONFLICT (town, year) DO UPDATE SET last_number = c.last_number + 1
    RETURNING last_number INTO number;
    RETURN number;
END $$;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO geo_service_app;
