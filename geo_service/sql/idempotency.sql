-- try_lock
-- Keeps a second request with the same key out until the end of this transaction.
-- In: lock (path, caller and key as one text).  Out: 1 row; false when another one holds it.
SELECT pg_try_advisory_xact_lock(hashtextextended(:lock, 7291))

-- kept_answer
-- The answer that was given to the same key within 24 hours; it is read with what the client knows and we do not keep.
-- In: path, caller, key (SHA-256), secret (made from the key itself).  Out: 0 or 1 row.
SELECT body_hash, status, headers, pgp_sym_decrypt_bytea(answer, :secret) AS answer
FROM kept_answer(:path, :caller, :key)

-- keep_answer
-- Keeps an answer, encrypted: it may hold a case with its applicant and token; forgets what is older than 24 hours.
-- In: path, caller, key (SHA-256), secret (made from the key itself), body_hash (SHA-256), status, headers (json
-- object), answer.  Out: 1 row.
SELECT keep_answer(:path, :caller, :key, :body_hash, :status, CAST(:headers AS jsonb),
    pgp_sym_encrypt_bytea(CAST(:answer AS bytea), :secret, 's2k-mode=1, cipher-algo=aes256'))
