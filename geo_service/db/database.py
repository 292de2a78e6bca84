"""How to reach PostGIS: as the owner (migrations, towns, keys) and as the application.

The application's role owns nothing and is subject to row-level security.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import orjson
import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from geo_service.db.prepared import prepared_rows

APP_ROLE = "geo_service_app"
OWNER_ROLE = "geo_service_owner"


def _options(statement_timeout_ms: int, role: str | None) -> str:
    # PostGIS' declared costs start the JIT compiler for millisecond queries: 126 ms instead of 2 ms.
    options = f"-c jit=off -c timezone=UTC -c statement_timeout={statement_timeout_ms}"
    return options if role is None else f"{options} -c role={role}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Database:
    """libpq connection strings of one database; `app_role` is taken on where the login is another role."""

    owner: str
    app: str
    app_role: str | None = None
    statement_timeout_ms: int = 10_000

    def app_conninfo(self) -> str:
        """Connection string of the application, with session settings."""
        return make_conninfo(self.app, options=_options(self.statement_timeout_ms, self.app_role))

    def owner_conninfo(self) -> str:
        """Connection string of the owner; migrations and imports may take long."""
        return make_conninfo(self.owner, options=_options(0, None))

    def app_engine(self, pool_size: int = 10) -> Engine:
        """SQLAlchemy engine as the application's role."""
        conninfo = self.app_conninfo()
        return create_engine(
            "postgresql+psycopg://",
            creator=lambda: psycopg.connect(conninfo),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=False,
            hide_parameters=True,  # they hold names and addresses; errors are logged
        )

    def reading_engine(self, pool_size: int = 10) -> Engine:
        """The same for answers that only read: no transaction around them, each statement planned once."""
        conninfo = self._reading_conninfo()
        return create_engine(
            "postgresql+psycopg://",
            creator=lambda: _reading_connection(conninfo),
            pool_size=pool_size,
            max_overflow=pool_size,
            isolation_level="AUTOCOMMIT",
            pool_pre_ping=False,
            pool_reset_on_return=None,  # there is no transaction that could be left open
            hide_parameters=True,
        )

    def _reading_conninfo(self) -> str:
        # These plans do not depend on the values, and planning anew costs as much as the answer itself.
        options = _options(self.statement_timeout_ms, self.app_role)
        return make_conninfo(self.app, options=f"{options} -c plan_cache_mode=force_generic_plan")

    def async_pool(self, size: int = 8) -> AsyncConnectionPool[psycopg.AsyncConnection]:
        """Async pool as the application's role, autocommit: for the byte paths, one statement each.

        A connection that broke meanwhile is noticed by the statement that meets it (ogc/reading.py repeats it
        once): asking each time whether it lives would be a second round trip for every page.
        """
        return _LastFirst(
            self._reading_conninfo(),
            min_size=1,
            max_size=size,
            open=False,
            kwargs={"autocommit": True},
        )

    @contextmanager
    def owner_connection(self) -> Iterator[psycopg.Connection[dict[str, object]]]:
        """One transaction as the owner, rows as dicts; commits at the end, rolls back on error."""
        with psycopg.connect(self.owner_conninfo(), row_factory=dict_row) as connection:
            yield connection


class _LastFirst(AsyncConnectionPool[psycopg.AsyncConnection]):
    """Hands out the connection that was given back last; the library goes through all of them in turn.

    The process at its other end has what it needs in the processor's caches: a page takes a sixth less.
    """

    async def _get_ready_connection(self, timeout: float | None) -> psycopg.AsyncConnection | None:
        self._pool.rotate()  # the last to the front, from where it is taken
        return await super()._get_ready_connection(timeout)


def _reading_connection(conninfo: str) -> psycopg.Connection:
    connection = psycopg.connect(conninfo, prepare_threshold=0)
    set_json_loads(orjson.loads, connection)  # the place of an occupation comes as JSON: three times as fast
    return connection


_SPEAK = (
    "SELECT set_config('app.actor', :actor, true) AS actor, set_config('app.town', :town, true) AS town,"
    " set_config('app.case', :case, true) AS open_case"
)
# Who spoke before is read first, because it stands in a part of its own, and in the same round trip.
_SPEAK_FOR_A_WHILE = (
    "WITH before AS MATERIALIZED (SELECT current_setting('app.actor', true) AS actor,"
    " current_setting('app.town', true) AS town, current_setting('app.case', true) AS open_case)"
    " SELECT before.actor, before.town, before.open_case, set_config('app.actor', :actor, true) AS actor_now,"
    " set_config('app.town', :town, true) AS town_now, set_config('app.case', '', true) AS case_now"
    " FROM before"
)


def speak_as(session: Session, *, actor: str, town: str | None = None, case: str | None = None) -> None:
    """Tell the database who acts for the rest of this transaction; see sql/migrations/0001/01_session.sql."""
    prepared_rows(session, _SPEAK, {"actor": actor, "town": town or "", "case": case or ""})


@contextmanager
def speaking_as_operator(session: Session) -> Iterator[None]:
    """For what the service itself does in somebody's transaction; afterwards that somebody speaks again."""
    with _speaking(session, actor="operator"):
        yield


@contextmanager
def speaking_as_system(session: Session, town: str) -> Iterator[None]:
    """The same for what it does to the cases of one town (AGS)."""
    with _speaking(session, actor="system", town=town):
        yield


@contextmanager
def _speaking(session: Session, *, actor: str, town: str | None = None) -> Iterator[None]:
    (before,) = prepared_rows(session, _SPEAK_FOR_A_WHILE, {"actor": actor, "town": town or ""})
    yield  # after an error the transaction is lost, and with it who speaks
    speak_as(session, actor=before.actor or "", town=before.town, case=before.open_case)


@contextmanager
def operator_session(engine: Engine) -> Iterator[Session]:
    """One transaction of the command line: imports and demo data, as the application's role."""
    with Session(engine) as session, session.begin():
        speak_as(session, actor="operator")
        yield session


@contextmanager
def owner_session(database: Database) -> Iterator[Session]:
    """One transaction as the owner, for what the application may not write: keys, towns."""
    conninfo = database.owner_conninfo()
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo))
    try:
        with Session(engine) as session, session.begin():
            yield session
    finally:
        engine.dispose()
