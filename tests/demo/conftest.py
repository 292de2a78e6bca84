from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo_service.db.database import Database, speak_as


@pytest.fixture
def demo_session(demo_database: Database) -> Iterator[Session]:
    """A session on the demo as the operator; rolled back."""
    engine: Engine = demo_database.app_engine(pool_size=1)
    with Session(engine) as session:
        speak_as(session, actor="operator")
        yield session
        session.rollback()
    engine.dispose()
