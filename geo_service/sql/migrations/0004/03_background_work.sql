-- Work that goes on in the background, as people see it. The queue itself is that of procrastinate (db/queue_schema.py);
-- its jobs carry ids only, never what is private.
CREATE TABLE background_work (
    work_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT background_work_pkey PRIMARY KEY,
    job text NOT NULL,
    town text,                                -- whose desk sees it; NULL = every desk: it concerns several
    reason text NOT NULL,                     -- a code of the list work_reason
    state text NOT NULL DEFAULT 'waiting',
    done integer NOT NULL DEFAULT 0,
    total integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT background_work_state_known CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    CONSTRAINT background_work_counts CHECK (done BETWEEN 0 AND total)
);
CREATE INDEX background_work_open ON background_work (town) WHERE state IN ('waiting', 'running', 'failed');
ALTER TABLE background_work ENABLE ROW LEVEL SECURITY;
ALTER TABLE background_work FORCE ROW LEVEL SECURITY;
CREATE POLICY background_work_operator ON background_work
    USING (current_actor() = 'operator') WITH CHECK (current_actor() = 'operator');
CREATE POLICY background_work_desk ON background_work FOR SELECT
    USING (current_town() IS NOT NULL AND coalesce(town, current_town()) = current_town());
GRANT SELECT, INSERT, UPDATE, DELETE ON background_work TO geo_service_app;

-- The occupations whose findings a work has still to make anew.
CREATE TABLE finding_due (
    work_id bigint NOT NULL CONSTRAINT finding_due_work_fkey REFERENCES background_work ON DELETE CASCADE,
    occupation_id bigint NOT NULL CONSTRAINT finding_due_occupation_fkey REFERENCES occupation ON DELETE CASCADE,
    CONSTRAINT finding_due_pkey PRIMARY KEY (work_id, occupation_id)
);
CREATE INDEX finding_due_by_occupation ON finding_due (occupation_id);
ALTER TABLE finding_due ENABLE ROW LEVEL SECURITY;
ALTER TABLE finding_due FORCE ROW LEVEL SECURITY;
CREATE POLICY finding_due_operator ON finding_due USING (current_actor() = 'operator') WITH CHECK (current_actor() = 'operator');
GRANT SELECT, INSERT, DELETE ON finding_due TO geo_service_app;

-- How far the schema of the queue is: the last of procrastinate's own scripts that has run.
CREATE TABLE queue_schema (
    last_script text NOT NULL
);
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO geo_service_app;
