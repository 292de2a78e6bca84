"""Statements that every check runs: parsed once by us, planned once by the server.

The driver takes a statement of more than 4,096 characters apart again at every call, and SQLAlchemy builds
its result's columns anew: together half of a check's time in Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.orm import Session

_ROWS_AT_A_TIME = 1000
# As sqlalchemy.text reads them: `:name`, but neither `::type` nor a colon inside a word.
_BOUND = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")


@lru_cache(maxsize=256)
def _by_position(statement: str) -> tuple[bytes, tuple[str, ...]]:
    names = tuple(dict.fromkeys(_BOUND.findall(statement)))
    places = {name: f"${place}" for place, name in enumerate(names, start=1)}
    return _BOUND.sub(lambda found: places[found[1]], statement).encode(), names


def prepared_rows(session: Session, statement: str, values: Mapping[str, Any]) -> list[Any]:
    """Rows of a statement with `:name` parameters, as named tuples, inside the session's transaction.

    Raises what SQLAlchemy would: OperationalError when the database takes too long or is gone, DataError for
    a value that it cannot take.
    """
    query, names = _by_position(statement)
    try:
        with _cursor(session) as cursor:
            return cursor.execute(query, [values[name] for name in names], prepare=True).fetchall()
    except (psycopg.DataError, psycopg.OperationalError) as error:
        raise _as_sqlalchemy(error, session, statement) from error


def streamed_rows(session: Session, statement: str, values: Mapping[str, Any]) -> Iterator[Any]:
    """The same for more rows than memory should hold: planned for these values, handed on as they come.

    Until the last row is read or the iterator is closed, the session can ask nothing else.
    A server-side cursor would do without the server's parallel workers.
    """
    query, names = _by_position(statement)
    try:
        with _cursor(session) as cursor:
            yield from cursor.stream(query, [values[name] for name in names], size=_ROWS_AT_A_TIME)
    except (psycopg.DataError, psycopg.OperationalError) as error:
        raise _as_sqlalchemy(error, session, statement) from error


def _cursor(session: Session) -> psycopg.RawCursor[Any]:
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    return psycopg.RawCursor(connection, row_factory=namedtuple_row)


def _as_sqlalchemy(error: psycopg.Error, session: Session, statement: str) -> DBAPIError:
    """The fault as from everywhere else: who goes on after it knows one kind."""
    if isinstance(error, psycopg.DataError):
        return DataError(statement, None, error, hide_parameters=True)
    connection = session.connection()
    if getattr(connection.connection.driver_connection, "closed", False):
        connection.invalidate()  # SQLAlchemy did not see it break; the next request gets another one
    return OperationalError(statement, None, error, hide_parameters=True)
