"""Tables and functions of the job queue, as the installed procrastinate ships them, kept up to date with it.

The library numbers its migration scripts, so the last one that has run is kept beside its tables and a newer
library is a matter of `migrate`: nobody copies its SQL (docs/decisions/0008-background-jobs.md).
"""

from __future__ import annotations

from contextlib import closing
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from geo_service.db.database import APP_ROLE

_TABLES = "procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers, procrastinate_workers"
_SEQUENCES = ("jobs_id", "events_id", "periodic_defers_id", "workers_id")


def is_queue_current(connection: Connection) -> bool:
    """True if the newest script of the installed library has run."""
    return _reached(connection) == shipped_scripts()[-1].name


def update_queue_schema(engine: Engine) -> None:
    """Bring the queue's tables to the installed procrastinate; as the owner, each script in a transaction.

    Not all in one: a script may use the value that the one before has added to a type.
    """
    with engine.connect() as connection:
        reached = _reached(connection)
    if reached is None:
        newest = shipped_scripts()[-1].name
        with engine.begin() as connection:
            _run(connection, import_module("procrastinate.schema").SchemaManager.get_schema(), newest)
        return
    for script in shipped_scripts():
        if script.name > reached:
            with engine.begin() as connection:
                _run(connection, script.read_text(encoding="utf-8"), script.name)


def shipped_scripts() -> list[Path]:
    """The library's migration scripts in their order; their names begin with version and number.

    They lie where `SchemaManager.get_migrations_path` says, which is not asked: that loads the library.
    """
    found = find_spec("procrastinate")
    assert found is not None and found.submodule_search_locations is not None
    return sorted(Path(found.submodule_search_locations[0], "sql", "migrations").glob("*.sql"))


def _reached(connection: Connection) -> str | None:
    found: str | None = connection.execute(text("SELECT last_script FROM queue_schema")).scalar_one_or_none()
    return found


def _run(connection: Connection, script: str, name: str) -> None:
    # A script has many statements and no parameters: straight to the driver, its % signs are its own.
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(script)
    connection.execute(text("DELETE FROM queue_schema"))
    connection.execute(text("INSERT INTO queue_schema (last_script) VALUES (:name)"), {"name": name})
    if name == shipped_scripts()[-1].name:
        connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {_TABLES} TO {APP_ROLE}"))
        for sequence in _SEQUENCES:
            granted = f"GRANT USAGE, SELECT ON SEQUENCE procrastinate_{sequence}_seq TO {APP_ROLE}"
            connection.execute(text(granted))
