-- identify_key
-- Who holds the API key with this hash.
-- In: hash (SHA-256 of the key).  Out: 0 or 1 row.
SELECT key_id, town, role, name FROM identify_key(:hash)

-- identify_sign_in
-- Who is signed in with the cookie of this hash.
-- In: hash (SHA-256 of the cookie's value).  Out: 0 or 1 row.
SELECT key_id, town, role, name FROM identify_sign_in(:hash)

-- begin_sign_in
-- A sign-in of a person at a desk by key.
-- In: hash (of the key), token_hash (of the new cookie), seconds (how long).  Out: 1 row, 0 if the key is no good.
SELECT key_id, town, role, name FROM begin_sign_in(:hash, :token_hash, :seconds)

-- begin_demo_sign_in
-- A sign-in without a key, in a demo town.
-- In: town (AGS), role, name, token_hash, seconds.  Out: 1 row, 0 if it is not a demo town.
SELECT key_id, town, role, name FROM begin_demo_sign_in(:town, :role, :name, :token_hash, :seconds)

-- begin_person_sign_in
-- A sign-in of a person for whom the town's OpenID provider has vouched.
-- In: person (json object with issuer, subject, name, town, role, id_token), token_hash, seconds.
-- Out: 1 row, 0 for a person who is blocked here or a town that is not there.
SELECT key_id, town, role, name FROM begin_person_sign_in(CAST(:person AS jsonb), :token_hash, :seconds)

-- end_sign_in
-- Sign out.
-- In: hash (of the cookie's value).  Out: 1 row; the provider's ID token, NULL where the sign-in came by key.
SELECT end_sign_in(:hash) AS id_token

-- people_of_town
-- Who has signed in at the desk that speaks; for its administration.
-- Out: any number of rows, by name.
SELECT person_id, name, role, first_seen_at, last_seen_at, blocked_at, blocked_by, signed_in FROM people_of_town()

-- block_person
-- A person may not act here any more, or may again; blocking ends the sign-ins.
-- In: person_id, by_name, blocked.  Out: 1 row; false where there is no such person in this town.
SELECT block_person(:person_id, :by_name, :blocked) AS found

-- keys_of_town
-- The keys of the town that speaks; for its administration.
-- Out: any number of rows, newest first.
SELECT key_id, role, name, made_by, created_at, expires_at, last_used_on, revoked_at, revoked_by, replaced
FROM keys_of_town()

-- make_own_key
-- A key for the town that speaks, by its administration.
-- In: role, name, by_name, hash (SHA-256 of the key), expires_at (NULL = never).  Out: 1 row; NULL for another role.
SELECT make_key(:role, :name, :by_name, :hash, :expires_at) AS key_id

-- rotate_own_key
-- A key of the own town gets a successor; both hold until the end of the overlap.
-- In: key_id, by_name, hash (of the new key), overlap_days.  Out: 1 row; NULL where no key in force has this id.
SELECT rotate_own_key(:key_id, :by_name, :hash, make_interval(days => :overlap_days)) AS key_id

-- revoke_own_key
-- A key of the own town ends at once, and with it the sign-ins that it began.
-- In: key_id, by_name.  Out: 1 row; false where no key in force has this id.
SELECT revoke_own_key(:key_id, :by_name) AS found

-- find_town_for_key
-- The town a key is to be made for, by AGS or slug.
-- In: town.  Out: 0 or 1 row.
SELECT ags FROM town WHERE :town IN (ags, slug)

-- write_key
-- A new API key; as the owner.
-- In: town (AGS or NULL), role, name, hash (SHA-256 of the key), expires_at (NULL = never).
INSERT INTO api_key (town, role, name, key_hash, expires_at) VALUES (:town, :role, :name, :hash, :expires_at)

-- keys_like
-- The keys whose id begins so; as the owner.
-- In: beginning.  Out: any number of rows.
SELECT key_id
FROM api_key
WHERE starts_with(CAST(key_id AS text), :beginning)
ORDER BY key_id

-- list_keys
-- Every key, or those of a town; as the owner.
-- In: town (AGS or NULL).  Out: any number of rows, oldest first.
SELECT key_id, town, role, name, made_by, created_at, expires_at, last_used_on, revoked_at, revoked_by,
    replaced_by IS NOT NULL AS replaced
FROM api_key
WHERE CAST(:town AS text) IS NULL OR town = :town
ORDER BY created_at, key_id

-- follow_key
-- A key gets a successor; as the owner.
-- In: key_id, by_name, hash (of the new key), overlap_days.  Out: 1 row; NULL where no key in force has this id.
SELECT follow_key(:key_id, :by_name, :hash, make_interval(days => :overlap_days)) AS key_id

-- revoke_key
-- A key ends at once; as the owner.
-- In: key_id.  Out: 1 row, none where it was revoked before.
UPDATE api_key SET revoked_at = now(), revoked_by = 'operator'
WHERE key_id = :key_id AND revoked_at IS NULL
RETURNING key_id
