-- Work in the background as people see it: table background_work.

-- open_work
-- A new piece of work that waits for a worker.
-- In: job, town (NULL = several), reason (code of the list work_reason).  Out: 1 row.
INSERT INTO background_work (job, town, reason)
VALUES (:job, :town, :reason)
RETURNING work_id

-- set_total
-- How much there is to do.
-- In: work_id, total.  Out: nothing.
UPDATE background_work SET total = :total
WHERE work_id = :work_id

-- drop_work
-- Forgets a piece of work that is none.
-- In: work_id.  Out: nothing.
DELETE FROM background_work
WHERE work_id = :work_id

-- start_work
-- A worker begins, or goes on after a stop.
-- In: work_id.  Out: 0 or 1 row, 0 when there is no such work or it is done.
UPDATE background_work SET state = 'running', started_at = coalesce(started_at, now())
WHERE work_id = :work_id AND state <> 'done'
RETURNING work_id, town, reason, done, total

-- advance_work
-- A part of the work is done.
-- In: work_id, left (how much is still to do).  Out: nothing.
UPDATE background_work SET done = greatest(total - :left, 0)
WHERE work_id = :work_id

-- finish_work
-- The work is over: done, or failed for good.
-- In: work_id, state.  Out: nothing.
UPDATE background_work SET state = :state, finished_at = now(), done = CASE WHEN :state = 'done' THEN total ELSE done END
WHERE work_id = :work_id

-- get_work
-- Some pieces of work as they stand.
-- In: works (array of ids).  Out: one row for each.
SELECT work_id, job, town, reason, state, done, total, created_at, started_at, finished_at
FROM background_work
WHERE work_id = ANY(CAST(:works AS bigint[]))
ORDER BY work_id

-- list_open_work
-- What is waiting, running or has failed for a town, and for all of them.
-- In: town (AGS).  Out: any number of rows, the oldest first.
SELECT work_id, job, town, reason, state, done, total, created_at, started_at, finished_at
FROM background_work
WHERE (town = :town OR town IS NULL) AND state IN ('waiting', 'running', 'failed')
ORDER BY work_id
