"""Opens the database for one process: GEO_SERVICE_DATABASE_URL, else the own cluster, started or joined.

Several of our processes share the own cluster. Each holds a shared lock on it; the last one leaving stops it.
The kernel drops the locks of a killed process, so a server that it left behind is simply joined.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from geo_service.db.database import APP_ROLE, Database
from geo_service.db.external_database import check_external_database
from geo_service.db.home import choose_home, make_folder, server_user
from geo_service.db.local_cluster import LocalCluster
from geo_service.db.migrate import migrate
from geo_service.errors import SetupError
from geo_service.settings import Settings


def locate_database(settings: Settings) -> Database:
    """How to reach the database, whether it runs or not; the same in every process with these settings."""
    if settings.database_url:
        url = settings.database_url.replace("postgresql+psycopg://", "postgresql://", 1)
        return Database(
            owner=url,
            app=url,
            app_role=APP_ROLE,
            statement_timeout_ms=settings.statement_timeout_ms,
        )
    cluster = LocalCluster(choose_home(settings))
    return cluster.database(statement_timeout_ms=settings.statement_timeout_ms)


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """The migrated database; the own cluster runs as long as any process is inside.

    Raises SetupError with one line that says what to do.
    """
    database = locate_database(settings)
    if settings.database_url:
        check_external_database(database)
        migrate(database)
        yield database
        return
    with _joined_cluster(LocalCluster(choose_home(settings))):
        migrate(database)
        yield database


@contextmanager
def only_server(settings: Settings) -> Iterator[None]:
    """Held by the one `serve` of a home; raises SetupError if another one holds it."""
    if settings.database_url:
        yield
        return
    home = choose_home(settings)
    make_folder(home, 0o711 if server_user() else 0o700)
    with _lock_file(home / "serve.lock") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SetupError(
                f"Another geo-service already serves from {home}; stop it first, "
                "or set GEO_SERVICE_HOME and GEO_SERVICE_PORT to others for a second one."
            ) from error
        yield


@contextmanager
def _joined_cluster(cluster: LocalCluster) -> Iterator[None]:
    make_folder(cluster.home, 0o711 if server_user() else 0o700)
    with (
        _lock_file(cluster.home / "coming-and-going.lock") as door,
        _lock_file(cluster.home / "users.lock") as users,
    ):
        fcntl.flock(door, fcntl.LOCK_EX)
        cluster.initialise()
        if not cluster.is_running():
            cluster.start()
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            cluster.create_database("geo_service")
            fcntl.flock(door, fcntl.LOCK_UN)
            yield
        finally:
            fcntl.flock(door, fcntl.LOCK_EX)
            if _is_last(users) and cluster.is_running():
                cluster.stop()


def _is_last(users: IO[bytes]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _lock_file(path: Path) -> Iterator[IO[bytes]]:
    try:
        lock = path.open("ab")
    except OSError as error:
        raise SetupError(
            f"{path} cannot be written ({error.strerror}); set GEO_SERVICE_HOME to another folder"
        ) from error
    with lock:
        yield lock
