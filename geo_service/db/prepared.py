"""Statements that every check runs: parsed once by us, planned once by the server.

The driver takes a statement of more than 4,096 characters apart again at every call, and SQLAlchemy builds
its result's columns anew: together half of a check's time in Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy.exc import DataError, OperationalError
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
    with _cursor(session, statement) as cursor:
        return cursor.execute(query, [values[name] for name in names], prepare=True).fetchall()


def streamed_rows(session: Session, statement: str, values: Mapping[str, Any]) -> Iterator[Any]:
    """The same for more rows than memory should hold: planned for these values, handed on as they come.

    Until the last row is read or the iterator is closed, the session can ask nothing else.
    A server-side cursor would do without the server's parallel workers.
    """
    query, names = _by_position(statement)
    with _cursor(session, statement) as cursor:
        yield from cursor.stream(query, [values[name] for name in names], size=_ROWS_AT_A_TIME)


@contextmanager
def _cursor(session: Session, statement: str) -> Iterator[psycopg.RawCursor[Any]]:
    """A cursor of the driver, with faults as from everywhere else: who goes on after them knows one kind."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    try:
        with psycopg.RawCursor(connection, row_factory=namedtuple_row) as cursor:
            yield cursor
    except psycopg.DataError as error:
        raise DataError(statement, None, error, hide_parameters=True) from error
    except psycopg.OperationalError as error:
        if connection.closed:  # SQLAlchemy did not see it break; the next request gets another one
            session.connection().invalidate()
        raise OperationalError(statement, None, error, hide_parameters=True) from error
