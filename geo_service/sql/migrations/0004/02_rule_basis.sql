-- The rules with their words, conditions and values as they were in force for a town, kept once under their hash: what a
-- decision of March rested on can be read in October, whatever has become of the rule files since. Rules are public.
CREATE TABLE rule_basis (
    basis_id text CONSTRAINT rule_basis_pkey PRIMARY KEY,
    town text,                                -- NULL = outside every town
    document jsonb NOT NULL,                  -- as GET /api/v1/rules answers
    recorded_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE rule_basis ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_basis FORCE ROW LEVEL SECURITY;
CREATE POLICY rule_basis_read ON rule_basis FOR SELECT USING (true);
CREATE POLICY rule_basis_insert ON rule_basis FOR INSERT WITH CHECK (may_write(town, NULL));
-- Never changed, never removed.
GRANT SELECT, INSERT ON rule_basis TO geo_service_app;

-- Which rules and values the stored findings of a town were made by; '-' stands for outside every town.
CREATE TABLE findings_basis (
    town text CONSTRAINT findings_basis_pkey PRIMARY KEY,
    basis_id text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE findings_basis ENABLE ROW LEVEL SECURITY;
ALTER TABLE findings_basis FORCE ROW LEVEL SECURITY;
CREATE POLICY findings_basis_read ON findings_basis FOR SELECT USING (true);
CREATE POLICY findings_basis_write ON findings_basis USING (current_actor() = 'operator') WITH CHECK (current_actor() = 'operator');
GRANT SELECT, INSERT, UPDATE, DELETE ON findings_basis TO geo_service_app;

-- The rules and values that a decision was taken by; its findings are in findings_at_grant.
ALTER TABLE permit ADD rule_basis text CONSTRAINT permit_rule_basis_fkey REFERENCES rule_basis (basis_id);
