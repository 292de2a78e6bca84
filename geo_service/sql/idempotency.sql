-- try_lock
-- Keeps a second request with the same key out until the end of this transaction.
-- In: lock (path, caller and key as one text).  Out: 1 row; false when another one holds it.
SELECT pg_try_advisory_xact_lock(hashtextextended(:lock, 7291))

-- kept_answer
-- The answer that was given to the same key within 24 hours.
-- In: path, caller, key (SHA-256).  Out: 0 or 1 row.
SELECT body_hash, status, headers, answer FROM kept_answer(:path, :caller, :key)

-- keep_answer
-- Keeps an answer; forgets what is older than 24 hours.
-- In: path, caller, key (SHA-256), body_hash (SHA-256), status, headers (json object), answer.  Out: 1 row.
SELECT keep_answer(:path, :caller, :key, :body_hash, :status, CAST(:headers AS jsonb), :answer)
