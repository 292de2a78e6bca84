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

-- end_sign_in
-- Sign out.
-- In: hash (of the cookie's value).  Out: 1 row without meaning.
SELECT end_sign_in(:hash)

-- find_town_for_key
-- The town a key is to be made for, by AGS or slug.
-- In: town.  Out: 0 or 1 row.
SELECT ags FROM town WHERE :town IN (ags, slug)

-- write_key
-- A new API key; as the owner.
-- In: town (AGS or NULL), role, name, hash (SHA-256 of the key).
INSERT INTO api_key (town, role, name, key_hash) VALUES (:town, :role, :name, :hash)
