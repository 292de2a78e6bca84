"""Sessions that stay open between requests: used again, never by two at once, and not after the database was gone."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geo_service.db.database import Database
from geo_service.db.prepared import prepared_rows
from geo_service.db.reading_sessions import ReadingSessions

WHO = "SELECT pg_backend_pid() AS pid"


def pid_of(session: Session) -> int:
    (row,) = prepared_rows(session, WHO, {})
    return int(row.pid)


@pytest.fixture
def sessions(empty_database: Database) -> Iterator[ReadingSessions]:
    engine = empty_database.reading_engine()
    found = ReadingSessions(engine)
    yield found
    found.close()
    engine.dispose()


def test_the_next_request_gets_the_same_connection(sessions: ReadingSessions) -> None:
    with sessions.session() as first:
        before = pid_of(first)
    with sessions.session() as second:
        assert pid_of(second) == before


def test_two_at_once_get_two(sessions: ReadingSessions) -> None:
    with sessions.session() as first, sessions.session() as second:
        assert pid_of(first) != pid_of(second)


def test_after_the_database_was_gone_none_is_used_again(
    sessions: ReadingSessions, empty_database: Database
) -> None:
    with sessions.session() as first, sessions.session() as second:
        gone = [pid_of(first), pid_of(second)]
    with psycopg.connect(empty_database.app_conninfo(), autocommit=True) as killer:
        for pid in gone:
            killer.execute("SELECT pg_terminate_backend(%s)", [pid])
    with pytest.raises(OperationalError), sessions.session() as session:
        pid_of(session)
    with sessions.session() as first, sessions.session() as second:
        assert not {pid_of(first), pid_of(second)} & set(gone)
