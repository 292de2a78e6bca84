"""Sessions of the operator, as the application's role, and of the owner, for towns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from geo_service.db.database import Database, owner_session, speak_as


@pytest.fixture
def operator(empty_session: Session) -> Iterator[Session]:
    """The operator on a database without rows; rolled back."""
    speak_as(empty_session, actor="operator")
    yield empty_session


@pytest.fixture
def owner(empty_database: Database) -> Iterator[Session]:
    """The owner on the same database: adds towns."""
    with owner_session(empty_database) as session:
        yield session
