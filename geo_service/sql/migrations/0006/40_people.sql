-- Who acts at a desk: keys that are rotated, people who sign in at the town's OpenID provider, and sign-ins that end
-- when nobody uses them. As before the application reads none of these tables; it asks the functions below.

-- Keys: who made and withdrew them, when they were last used, which one follows.
ALTER TABLE api_key ADD made_by text NOT NULL DEFAULT 'operator';
ALTER TABLE api_key ADD revoked_by text;
ALTER TABLE api_key ADD last_used_on date;
ALTER TABLE api_key ADD replaced_by uuid CONSTRAINT api_key_replaced_by_fkey REFERENCES api_key (key_id);

-- The day of the last use is written once a day and never waited for: another transaction may be at it.
CREATE OR REPLACE FUNCTION identify_key(hash bytea) RETURNS TABLE (key_id uuid, town text, role text, name text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE kept api_key;
BEGIN
    SELECT * INTO kept FROM api_key
    WHERE key_hash = hash AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF kept.last_used_on IS DISTINCT FROM current_date AND current_setting('transaction_read_only') = 'off' THEN
        UPDATE api_key AS k SET last_used_on = current_date
        WHERE k.key_id IN (SELECT f.key_id FROM api_key AS f WHERE f.key_id = kept.key_id FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    RETURN QUERY SELECT kept.key_id, kept.town, kept.role, kept.name;
END $$;

-- A person at a desk, as the provider names them; `issuer` and `subject` are the provider's, unique and lasting.
CREATE TABLE desk_person (
    person_id uuid CONSTRAINT desk_person_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    town text NOT NULL CONSTRAINT desk_person_town_fkey REFERENCES town (ags) ON DELETE CASCADE,
    issuer text NOT NULL,
    subject text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    blocked_at timestamptz,
    blocked_by text,
    CONSTRAINT desk_person_unique UNIQUE (town, issuer, subject),
    CONSTRAINT desk_person_role_known CHECK (role IN ('clerk', 'supervisor', 'admin'))
);

ALTER TABLE sign_in ADD person_id uuid CONSTRAINT sign_in_person_fkey REFERENCES desk_person (person_id) ON DELETE CASCADE;
ALTER TABLE sign_in ADD id_token text;       -- what the provider wants to see when somebody signs out there, too
ALTER TABLE sign_in ADD last_used_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE sign_in ADD idle interval NOT NULL DEFAULT interval '1 hour';
CREATE INDEX sign_in_person ON sign_in (person_id) WHERE person_id IS NOT NULL;

-- Valid until its end, as long as it is used, and only as long as the key or the person behind it may act.
CREATE OR REPLACE FUNCTION identify_sign_in(hash bytea) RETURNS TABLE (key_id uuid, town text, role text, name text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE kept sign_in;
BEGIN
    SELECT s.* INTO kept
    FROM sign_in AS s
    LEFT JOIN api_key AS k ON k.key_id = s.key_id
    LEFT JOIN desk_person AS p ON p.person_id = s.person_id
    WHERE s.token_hash = hash AND s.expires_at > now() AND s.last_used_at + s.idle > now() AND p.blocked_at IS NULL
      AND (s.key_id IS NULL OR (k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF kept.last_used_at < now() - interval '1 minute' AND current_setting('transaction_read_only') = 'off' THEN
        UPDATE sign_in AS s SET last_used_at = now()
        WHERE s.token_hash IN (SELECT f.token_hash FROM sign_in AS f WHERE f.token_hash = hash FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    RETURN QUERY SELECT kept.key_id, kept.town, kept.role, kept.name;
END $$;

-- A person the provider has vouched for, in the town and role that its claims give; no row for one who is blocked here.
CREATE FUNCTION begin_person_sign_in(wanted jsonb, new_token_hash bytea, seconds integer)
RETURNS TABLE (key_id uuid, town text, role text, name text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE known desk_person;
BEGIN
    DELETE FROM sign_in WHERE expires_at < now() OR last_used_at + idle < now();
    INSERT INTO desk_person AS p (town, issuer, subject, name, role)
    SELECT t.ags, wanted ->> 'issuer', wanted ->> 'subject', wanted ->> 'name', wanted ->> 'role'
    FROM town AS t WHERE t.ags = wanted ->> 'town'
    ON CONFLICT (town, issuer, subject) DO UPDATE
        SET name = EXCLUDED.name, role = EXCLUDED.role, last_seen_at = now()
    RETURNING p.* INTO known;
    IF NOT FOUND OR known.blocked_at IS NOT NULL THEN
        RETURN;
    END IF;
    INSERT INTO sign_in (token_hash, town, role, name, person_id, id_token, expires_at)
    VALUES (new_token_hash, known.town, known.role, known.name, known.person_id, wanted ->> 'id_token',
            now() + make_interval(secs => seconds));
    RETURN QUERY SELECT CAST(NULL AS uuid), known.town, known.role, known.name;
END $$;

-- Signing out tells what the provider needs to end its own session.
DROP FUNCTION end_sign_in(bytea);
CREATE FUNCTION end_sign_in(hash bytea) RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ DELETE FROM sign_in WHERE token_hash = hash RETURNING id_token $$;

-- What follows is for the administration of the town that speaks, about its own people and keys, and for nobody else.
CREATE FUNCTION administered_town() RETURNS text LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    IF current_actor() <> 'admin' OR current_town() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'only the administration of a town sees its people and keys';
    END IF;
    RETURN current_town();
END $$;

CREATE FUNCTION people_of_town()
RETURNS TABLE (person_id uuid, name text, role text, first_seen_at timestamptz, last_seen_at timestamptz, blocked_at timestamptz, blocked_by text, signed_in boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT p.person_id, p.name, p.role, p.first_seen_at, p.last_seen_at, p.blocked_at, p.blocked_by,
        EXISTS (SELECT 1 FROM sign_in AS s WHERE s.person_id = p.person_id AND s.expires_at > now() AND s.last_used_at + s.idle > now())
    FROM desk_person AS p WHERE p.town = administered_town() ORDER BY p.name, p.person_id
$$;

CREATE FUNCTION block_person(wanted uuid, by_name text, blocked boolean) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE desk_person SET blocked_at = CASE WHEN blocked THEN now() END, blocked_by = CASE WHEN blocked THEN by_name END
    WHERE person_id = wanted AND town = administered_town();
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM sign_in WHERE person_id = wanted AND blocked;
    RETURN true;
END $$;

CREATE FUNCTION keys_of_town()
RETURNS TABLE (key_id uuid, role text, name text, made_by text, created_at timestamptz, expires_at timestamptz, last_used_on date, revoked_at timestamptz, revoked_by text, replaced boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT key_id, role, name, made_by, created_at, expires_at, last_used_on, revoked_at, revoked_by, replaced_by IS NOT NULL
    FROM api_key WHERE town = administered_town() ORDER BY created_at DESC, key_id
$$;

CREATE FUNCTION make_key(wanted_role text, wanted_name text, by_name text, hash bytea, until timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    INSERT INTO api_key (town, role, name, made_by, key_hash, expires_at)
    SELECT administered_town(), wanted_role, wanted_name, by_name, hash, until
    WHERE wanted_role IN ('reader', 'clerk', 'supervisor', 'admin')
    RETURNING key_id
$$;

-- A key follows another; both hold until the end of the overlap. NULL when there is none in force to be followed.
CREATE FUNCTION follow_key(wanted uuid, by_name text, hash bytea, overlap interval) RETURNS uuid
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE old api_key; made uuid;
BEGIN
    SELECT * INTO old FROM api_key
    WHERE key_id = wanted AND revoked_at IS NULL AND replaced_by IS NULL AND (expires_at IS NULL OR expires_at > now())
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    -- One that ends follows for as long as the old one was meant to last.
    INSERT INTO api_key (town, role, name, made_by, key_hash, expires_at)
    VALUES (old.town, old.role, old.name, by_name, hash, now() + (old.expires_at - old.created_at))
    RETURNING key_id INTO made;
    UPDATE api_key SET replaced_by = made, expires_at = least(expires_at, now() + overlap) WHERE key_id = wanted;
    RETURN made;
END $$;

CREATE FUNCTION rotate_own_key(wanted uuid, by_name text, hash bytea, overlap interval) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT follow_key(wanted, by_name, hash, overlap) FROM api_key WHERE key_id = wanted AND town = administered_town() $$;

CREATE FUNCTION revoke_own_key(wanted uuid, by_name text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE api_key SET revoked_at = now(), revoked_by = by_name
    WHERE key_id = wanted AND revoked_at IS NULL AND town = administered_town();
    RETURN FOUND;
END $$;

-- A function with the owner's rights looks names up where nobody else can put any.
CREATE OR REPLACE FUNCTION configuration_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE configuration_version SET last_value = last_value + 1;
    RETURN NULL;
END $$;
