-- Papers of a case: what people added, and the notices of the town. Row-level security decides who sees them.

-- add_document
-- A paper whose file is whole already.
-- In: document_id (its file), permit_id, kind, name, media_type, size_bytes, sha256, added_at, added_by_role, added_by.
-- Out: nothing.
INSERT INTO case_document
    (document_id, permit_id, kind, name, media_type, size_bytes, sha256, added_at, added_by_role, added_by)
VALUES
    (:document_id, :permit_id, :kind, :name, :media_type, :size_bytes, :sha256, :added_at, :added_by_role, :added_by)

-- list_documents
-- The papers that were added to a case, those that were removed again too.
-- In: permit_id.  Out: any number of rows, oldest first.
SELECT document_id, kind, name, media_type, size_bytes, sha256, added_at, added_by_role, added_by, removed_at,
    removed_by_role, removed_by
FROM case_document
WHERE permit_id = :permit_id
ORDER BY added_at, document_id

-- kinds_in_case
-- The kinds of papers that a case holds.
-- In: permit_id.  Out: any number of rows.
SELECT DISTINCT kind
FROM case_document
WHERE permit_id = :permit_id AND removed_at IS NULL

-- remove_document
-- A paper is taken out; the row stays.
-- In: document_id, permit_id, removed_at, removed_by_role, removed_by.  Out: 1 row, none where it is gone already.
UPDATE case_document SET removed_at = :removed_at, removed_by_role = :removed_by_role, removed_by = :removed_by
WHERE document_id = :document_id AND permit_id = :permit_id AND removed_at IS NULL
RETURNING document_id

-- keep_notice
-- What the town has decided, as it will be written.
-- In: notice_id, permit_id, decision, decided_at, facts (json object).  Out: nothing.
INSERT INTO case_notice (notice_id, permit_id, decision, decided_at, facts)
VALUES (:notice_id, :permit_id, :decision, :decided_at, CAST(:facts AS jsonb))

-- list_notices
-- The notices of a case that can still be read.
-- In: permit_id.  Out: any number of rows, oldest first.
SELECT notice_id, permit_id, decision, decided_at, facts, file_id, sha256, size_bytes, made_at
FROM case_notice
WHERE permit_id = :permit_id AND forgotten_at IS NULL
ORDER BY decided_at, notice_id

-- get_notice
-- One notice that can still be read.
-- In: notice_id.  Out: 0 or 1 row.
SELECT notice_id, permit_id, decision, decided_at, facts, file_id, sha256, size_bytes, made_at
FROM case_notice
WHERE notice_id = :notice_id AND forgotten_at IS NULL

-- lock_undrawn_notice
-- Whoever else wants to draw a notice waits until the end of the transaction. A drawn one is not locked: row-level
-- security lets nobody change it.
-- In: notice_id.  Out: 0 or 1 row.
SELECT notice_id
FROM case_notice
WHERE notice_id = :notice_id AND file_id IS NULL
FOR UPDATE

-- notice_is_made
-- The sheet of a notice is drawn and stored.
-- In: notice_id, file_id, sha256, size_bytes, made_at.  Out: nothing.
UPDATE case_notice SET file_id = :file_id, sha256 = :sha256, size_bytes = :size_bytes, made_at = :made_at
WHERE notice_id = :notice_id

-- needed_files
-- Which of some files a row names.
-- In: files (array of uuid).  Out: any number of rows.
SELECT file_id
FROM stored_file
WHERE file_id = ANY(CAST(:files AS uuid[]))

-- get_file_home
-- The mark of the folder whose files this database names.
-- In: nothing.  Out: 1 row.
SELECT home_id
FROM file_home

-- plan_streets
-- The axes of the streets in a window, as they lie there, for a drawn plan.
-- In: west, south, east, north (EPSG:25832, metres).  Out: any number of rows; axis as WKB in EPSG:25832.
SELECT road.street_name, road.road_number, ST_AsBinary(ST_Intersection(road.axis, box.shape)) AS axis
FROM (SELECT ST_MakeEnvelope(:west, :south, :east, :north, 25832) AS shape) AS box
INNER JOIN road_segment AS road ON road.axis && box.shape
WHERE road.in_service AND ST_Intersects(road.axis, box.shape)
ORDER BY road.carriageway_width_m DESC NULLS LAST, road.gid

-- plan_ground
-- The ground that the streets of a window take, by what it is for; each layer is covered by those after it.
-- In: west, south, east, north (EPSG:25832, metres).  Out: at most 4 rows: layer (footway, cycle_track, carriageway,
-- cycle_lane) and shape, as WKB in EPSG:25832.
SELECT
    side.layer,
    ST_AsBinary(ST_Intersection(ST_Union(side.shape), ST_MakeEnvelope(:west, :south, :east, :north, 25832))) AS shape
FROM (
    SELECT
        CASE WHEN strip.strip <> 'cycleway' THEN strip.strip
            WHEN strip.side <> 'axis' AND greatest(strip.high_m, -strip.low_m) <= road.carriageway_width_m / 2 THEN 'cycle_lane'
            ELSE 'cycle_track' END AS layer,
        -- Drawn from the axis outwards: what lies nearer covers it. Round where streets meet.
        CASE WHEN strip.side = 'axis' THEN ST_Buffer(road.axis, greatest(strip.high_m, -strip.low_m))
            WHEN strip.high_m > 0 AND greatest(strip.high_m, -strip.low_m) <= road.carriageway_width_m / 2 THEN
                ST_Difference(ST_Buffer(road.axis, strip.high_m, 'side=left'), ST_Buffer(road.axis, greatest(strip.low_m, 0.01), 'side=left'))
            WHEN greatest(strip.high_m, -strip.low_m) <= road.carriageway_width_m / 2 THEN
                ST_Difference(ST_Buffer(road.axis, -strip.low_m, 'side=right'), ST_Buffer(road.axis, greatest(-strip.high_m, 0.01), 'side=right'))
            WHEN strip.high_m > 0 THEN ST_Buffer(road.axis, strip.high_m, 'side=left')
            ELSE ST_Buffer(road.axis, -strip.low_m, 'side=right')
        END AS shape
    FROM road_segment AS road
    CROSS JOIN LATERAL cross_section_strips(road) AS strip
    WHERE road.axis && ST_Expand(ST_MakeEnvelope(:west, :south, :east, :north, 25832), 30) AND road.in_service
      AND strip.strip IN ('carriageway', 'cycleway', 'footway') AND strip.low_m < strip.high_m
) AS side
GROUP BY side.layer

-- plan_neighbours
-- What else is published in a window during a period, the case's own group left out.
-- In: west, south, east, north (EPSG:25832, metres), period_start, period_end (NULL = open), permit_id, number.
-- Out: at most number rows, the nearest to the middle first; area as WKB in EPSG:25832.
SELECT
    other.collection, other.reference, other.label, other.use_type, other.kind, lower(other.period) AS period_start,
    upper(other.period) AS period_end,
    ST_AsBinary(ST_Intersection(other.area, box.shape)) AS area
FROM (SELECT ST_MakeEnvelope(:west, :south, :east, :north, 25832) AS shape) AS box
INNER JOIN occupation AS other ON other.area && box.shape
WHERE other.published AND other.counts AND other.source_id <> :permit_id
  AND other.case_group <> (SELECT permit.case_group FROM permit WHERE permit.permit_id = :permit_id)
  AND other.period && tstzrange(CAST(:period_start AS timestamptz), CAST(:period_end AS timestamptz))
  AND ST_Intersects(other.area, box.shape)
ORDER BY other.area <-> ST_Centroid(box.shape), other.occupation_id
LIMIT :number

-- plan_segments
-- The streets that a case touches, with their cross-sections from left to right.
-- In: permit_id.  Out: any number of rows; strips (json array of strip, side, width_m, width_source).
SELECT
    road.segment_id, road.street_name, road.road_class, road.road_number, road.road_owner,
    (SELECT jsonb_agg(jsonb_build_object('strip', strip.strip, 'side', strip.side,
            'width_m', strip.high_m - strip.low_m, 'width_source', strip.width_source) ORDER BY strip.high_m DESC)
        FROM cross_section_strips(road) AS strip
        WHERE strip.strip <> 'corridor' AND strip.low_m < strip.high_m) AS strips
FROM occupation
INNER JOIN occupation_segment AS touched USING (occupation_id)
INNER JOIN road_segment AS road ON road.gid = touched.segment_gid
WHERE occupation.source_id = :permit_id
GROUP BY road.gid
ORDER BY min(touched.from_m), road.gid
