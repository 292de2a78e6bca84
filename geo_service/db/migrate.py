"""Brings a database to the newest revision; Alembic keeps the count."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from geo_service.db.code_labels import load_labels
from geo_service.db.database import Database
from geo_service.db.queue_schema import update_queue_schema


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).resolve().parent / "migrations"))
    return config


@cache
def newest_revision() -> str | None:
    """The revision that this version of the program needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def migrate(database: Database) -> None:
    """Run all missing revisions as the owner, in one transaction, and refresh the labels of codes.

    The job queue follows afterwards, script by script (db/queue_schema.py).
    """
    config = _config()
    conninfo = database.owner_conninfo()
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            load_labels(connection)
        update_queue_schema(engine)
    finally:
        engine.dispose()
