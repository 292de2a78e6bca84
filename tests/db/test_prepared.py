"""Statements that go past SQLAlchemy fail as all others do: whoever waits for the database to be back knows one kind."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session

from geo_service.db.prepared import prepared_rows, streamed_rows


def all_streamed(session: Session, statement: str, values: dict[str, Any]) -> list[Any]:
    return list(streamed_rows(session, statement, values))


@pytest.mark.parametrize("rows_of", [prepared_rows, all_streamed])
def test_too_late_and_unfit_are_told_as_elsewhere(empty_session: Session, rows_of: Any) -> None:
    asked = "SELECT CAST(:word AS text) AS word"
    assert [row.word for row in rows_of(empty_session, asked, {"word": "Straße"})] == ["Straße"]
    with pytest.raises(DataError), empty_session.begin_nested():
        rows_of(empty_session, asked, {"word": "Stra\x00e"})
    empty_session.execute(text("SET LOCAL statement_timeout = 50"))
    with pytest.raises(OperationalError), empty_session.begin_nested():
        rows_of(empty_session, "SELECT pg_sleep(:seconds) AS waited", {"seconds": 5.0})
