-- Keys and sign-ins are stored as SHA-256 of 256 random bits; the application looks them up through functions only.
CREATE TABLE api_key (
    key_id uuid CONSTRAINT api_key_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    town text CONSTRAINT api_key_town_fkey REFERENCES town (ags),
    role text NOT NULL,
    name text NOT NULL,
    key_hash bytea NOT NULL CONSTRAINT api_key_hash_unique UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_key_role_known CHECK (role IN ('reader', 'clerk', 'supervisor', 'admin', 'operator'))
);

CREATE FUNCTION identify_key(hash bytea) RETURNS TABLE (key_id uuid, town text, role text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT key_id, town, role, name FROM api_key
      WHERE key_hash = hash AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) $$;

CREATE TABLE sign_in (
    token_hash bytea CONSTRAINT sign_in_pkey PRIMARY KEY,
    town text NOT NULL CONSTRAINT sign_in_town_fkey REFERENCES town (ags),
    role text NOT NULL,
    name text NOT NULL,
    key_id uuid,                              -- NULL for the demo sign-in
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT sign_in_role_known CHECK (role IN ('clerk', 'supervisor', 'admin'))
);

CREATE TABLE idempotency_key (
    path text NOT NULL,
    caller text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    status integer,                           -- NULL while the first request is still running
    headers jsonb,
    answer bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_key_pkey PRIMARY KEY (path, caller, key)
);
