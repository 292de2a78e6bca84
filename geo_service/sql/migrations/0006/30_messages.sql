-- E-mails to applicants, offices and neighbours: a row is written in the transaction of the step that says something,
-- with its job; the job sends it. The link with the token is not stored: it is put in when the message is sent.
CREATE TABLE message (
    message_id uuid CONSTRAINT message_pkey PRIMARY KEY,
    town text NOT NULL CONSTRAINT message_town_fkey REFERENCES town (ags),   -- who writes
    permit_id uuid NOT NULL CONSTRAINT message_permit_fkey REFERENCES permit (permit_id) ON DELETE CASCADE,
    consultation_id uuid CONSTRAINT message_consultation_fkey REFERENCES consultation (consultation_id) ON DELETE CASCADE,
    kind text NOT NULL,
    language text NOT NULL,
    once text,                                -- what it is about, where there shall be one only
    recipient text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    attempt integer NOT NULL DEFAULT 0,       -- the newest; an older one may not go on
    internet_id text,                         -- Message-ID, the same in every attempt
    fault text,                               -- what the mail server said, for the desk
    posted_at timestamptz NOT NULL,
    next_try_at timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT message_once_unique UNIQUE (permit_id, kind, once),
    CONSTRAINT message_state_known CHECK (state IN ('waiting', 'sending', 'handing_over', 'sent', 'failed', 'unknown',
        'not_configured')),
    CONSTRAINT message_one_line CHECK (recipient !~ '[\r\n]' AND subject !~ '[\r\n]')
);
CREATE INDEX message_permit ON message (permit_id, posted_at);
CREATE INDEX message_desk ON message (town, posted_at, message_id);
CREATE INDEX message_trouble ON message (town) WHERE state IN ('failed', 'unknown');
ALTER TABLE message ENABLE ROW LEVEL SECURITY;
ALTER TABLE message FORCE ROW LEVEL SECURITY;
CREATE POLICY message_desk ON message USING (town = current_town()) WITH CHECK (town = current_town());
-- Whoever files or answers causes a message of that case, and reads those that were written to them, not what offices
-- wrote to each other.
CREATE POLICY message_post ON message FOR INSERT WITH CHECK (permit_id = current_case());
CREATE POLICY message_own ON message FOR SELECT USING (permit_id = current_case() AND consultation_id IS NULL
    AND kind NOT IN ('answer_received', 'consultation_asked', 'consultation_answered'));
GRANT SELECT, INSERT ON message TO geo_service_app;
GRANT UPDATE (recipient, subject, body, state, attempt, internet_id, fault, next_try_at, changed_at) ON message
    TO geo_service_app;
