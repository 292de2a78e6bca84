"""Looks for words in every column of every table, as the superuser: nothing is hidden from it."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from geo_service.db.database import Database

_TABLES = """
SELECT c.relname AS name, array_agg(a.attname) FILTER (WHERE a.atttypid = 'bytea'::regtype) AS bytes
FROM pg_class AS c
INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm')
  AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
GROUP BY c.oid, c.relname ORDER BY c.relname"""


def superuser(database: Database) -> psycopg.Connection:
    """A connection above every policy; for tests that have to see everything."""
    return psycopg.connect(make_conninfo(database.owner, user="postgres"))


def places_that_say(database: Database, words: Iterable[str]) -> dict[str, set[str]]:
    """Table → which of the words stand in one of its rows, in any letter case, also inside bytes."""
    found: dict[str, set[str]] = {}
    with superuser(database) as connection:
        for name, byte_columns in connection.execute(_TABLES).fetchall():
            readable = [sql.SQL("CAST(t AS text)")] + [
                sql.SQL("encode({}, 'escape')").format(sql.Identifier(column))
                for column in byte_columns or ()
            ]
            said = sql.SQL("lower(concat_ws(' ', {}))").format(sql.SQL(", ").join(readable))
            for word in words:
                one = sql.SQL("SELECT count(*) FROM {} AS t WHERE position(lower(%s) IN {}) > 0")
                (count,) = connection.execute(one.format(sql.Identifier(name), said), [word]).fetchone() or (
                    0,
                )
                if count:
                    found.setdefault(name, set()).add(word)
    return found
