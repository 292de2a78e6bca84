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
    CONSTRAINT api_key_role_known CHECK (role IN ('reader', 'clerk', 'supervisor', 'admin', 'operator')),
    CONSTRAINT api_key_desk_has_town CHECK (town IS NOT NULL OR role IN ('reader', 'operator'))
);

CREATE FUNCTION identify_key(hash bytea) RETURNS TABLE (key_id uuid, town text, role text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT key_id, town, role, name FROM api_key
      WHERE key_hash = hash AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) $$;

CREATE TABLE sign_in (
    token_hash bytea CONSTRAINT sign_in_pkey PRIMARY KEY,
    town text NOT NULL CONSTRAINT sign_in_town_fkey REFERENCES town (ags) ON DELETE CASCADE,
    role text NOT NULL,
    name text NOT NULL,
    key_id uuid CONSTRAINT sign_in_key_fkey REFERENCES api_key (key_id) ON DELETE CASCADE,   -- NULL for the demo sign-in
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT sign_in_role_known CHECK (role IN ('clerk', 'supervisor', 'admin'))
);
CREATE INDEX sign_in_expiry ON sign_in (expires_at);

-- A person signs in with the key of a desk role; no row for any other key.
CREATE FUNCTION begin_sign_in(hash bytea, new_token_hash bytea, seconds integer) RETURNS TABLE (key_id uuid, town text, role text, name text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    DELETE FROM sign_in WHERE expires_at < now();
    INSERT INTO sign_in (token_hash, town, role, name, key_id, expires_at)
    SELECT new_token_hash, k.town, k.role, k.name, k.key_id, now() + make_interval(secs => seconds)
    FROM identify_key(hash) AS k WHERE k.role IN ('clerk', 'supervisor', 'admin')
    RETURNING key_id, town, role, name
$$;

-- The demo's sign-in without a key exists for towns that are marked as demo, and for no other.
CREATE FUNCTION begin_demo_sign_in(wanted_town text, wanted_role text, wanted_name text, new_token_hash bytea, seconds integer)
RETURNS TABLE (key_id uuid, town text, role text, name text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    INSERT INTO sign_in (token_hash, town, role, name, expires_at)
    SELECT new_token_hash, t.ags, wanted_role, wanted_name, now() + make_interval(secs => seconds)
    FROM town AS t WHERE t.ags = wanted_town AND t.demo
    RETURNING NULL::uuid, town, role, name
$$;

-- Valid only as long as the key behind it is.
CREATE FUNCTION identify_sign_in(hash bytea) RETURNS TABLE (key_id uuid, town text, role text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT s.key_id, s.town, s.role, s.name
    FROM sign_in AS s
    LEFT JOIN api_key AS k ON k.key_id = s.key_id
    WHERE s.token_hash = hash AND s.expires_at > now()
      AND (s.key_id IS NULL OR (k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())))
$$;

CREATE FUNCTION end_sign_in(hash bytea) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ DELETE FROM sign_in WHERE token_hash = hash $$;

-- The answer to a POST with an Idempotency-Key, written in the transaction of the deed itself: both exist or neither.
-- An answer may hold a token, so the application reads one only by naming its key.
CREATE TABLE idempotency_key (
    path text NOT NULL,
    caller text NOT NULL,
    key_hash bytea NOT NULL,
    body_hash bytea NOT NULL,
    status integer NOT NULL,
    headers jsonb NOT NULL,
    answer bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_key_pkey PRIMARY KEY (path, caller, key_hash)
);
CREATE INDEX idempotency_key_age ON idempotency_key (created_at);

CREATE FUNCTION kept_answer(for_path text, for_caller text, for_key bytea)
RETURNS TABLE (body_hash bytea, status integer, headers jsonb, answer bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT body_hash, status, headers, answer FROM idempotency_key
      WHERE path = for_path AND caller = for_caller AND key_hash = for_key AND created_at > now() - interval '24 hours' $$;

CREATE FUNCTION keep_answer(for_path text, for_caller text, for_key bytea, for_body bytea, with_status integer, with_headers jsonb, with_answer bytea)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    DELETE FROM idempotency_key WHERE created_at < now() - interval '24 hours';
    INSERT INTO idempotency_key (path, caller, key_hash, body_hash, status, headers, answer)
    VALUES (for_path, for_caller, for_key, for_body, with_status, with_headers, with_answer)
$$;
