"""Brings the own cluster back when its server has died under us: killed, or out of memory.

Whoever serves or works holds a shared lock on the cluster (open_database.py), so nobody has stopped it on
purpose: a server that is gone has died. PostgreSQL recovers what was committed when it starts again.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from geo_service.db.home import choose_home
from geo_service.db.local_cluster import LocalCluster
from geo_service.errors import SetupError
from geo_service.settings import Settings

_LOOK_EVERY_S = 0.5
_AGAIN_AFTER_S = 5.0
_log = structlog.get_logger()


@contextmanager
def kept_running(settings: Settings) -> Iterator[None]:
    """Looks after the own cluster for as long as the block lasts; nothing to do for a foreign database."""
    if settings.database_url:
        yield
        return
    cluster = LocalCluster(choose_home(settings))
    stopping = threading.Event()
    thread = threading.Thread(target=_look_after, args=(cluster, stopping), name="cluster", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _look_after(cluster: LocalCluster, stopping: threading.Event) -> None:
    pause = _LOOK_EVERY_S
    while not stopping.wait(pause):
        pause = _LOOK_EVERY_S
        if cluster.has_process():
            continue
        try:
            if _start_again(cluster):
                _log.warning("database server started again")
        except (SetupError, OSError) as error:  # no space, say: it may have passed the next time
            _log.error("database server does not start", reason=str(error))
            pause = _AGAIN_AFTER_S


def _start_again(cluster: LocalCluster) -> bool:
    """True if it was us; of several processes that see it one goes through the door."""
    with (cluster.home / "coming-and-going.lock").open("ab") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        if cluster.has_process():
            return False
        cluster.start()
        return True
