-- applied_revision
-- The revision of the schema that this database has.
-- In: nothing.  Out: 1 row: version_num (text).
SELECT version_num
FROM alembic_version
