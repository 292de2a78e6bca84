"""Brings a database to the newest revision; Alembic keeps the count."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

import psycopg
from sqlalchemy import Connection, create_engine, text

from geo_service.db.code_labels import load_labels
from geo_service.db.database import Database
from geo_service.db.queue_schema import is_queue_current, update_queue_schema

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


@cache
def newest_revision() -> str:
    """The revision that this version of the program needs: each file's name begins with its own."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def migrate(database: Database) -> None:
    """Run all missing revisions as the owner, in one transaction, and refresh the labels of codes.

    The job queue follows afterwards, script by script (db/queue_schema.py). Where nothing is missing, neither
    Alembic nor the queue's library is loaded.
    """
    conninfo = database.owner_conninfo()
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo))
    try:
        with engine.begin() as connection:
            if _revision_of(connection) != newest_revision():
                _upgrade(connection)
            load_labels(connection)
            current = is_queue_current(connection)
        if not current:
            update_queue_schema(engine)
    finally:
        engine.dispose()


def _revision_of(connection: Connection) -> str | None:
    """What the database says of itself; None if it is new."""
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _upgrade(connection: Connection) -> None:
    config = import_module("alembic.config").Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    import_module("alembic.command").upgrade(config, "head")
