"""Background jobs run in one process of `serve`, or in `worker` alone; both stop at a signal."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from geo_service.db.local_cluster import LocalCluster
from geo_service.jobs.queue import RECOMPUTE_FINDINGS, defer
from tests.setup.conftest import PATIENCE_S, Served, environment, wait_until

Start = Callable[..., Served]


class Queue:
    """The queue of a running home, seen as the application sees it."""

    def __init__(self, home: Path) -> None:
        conninfo = LocalCluster(home).database().app_conninfo()
        self.engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo))

    def put(self) -> None:
        """A job about work that is not there: done at once."""
        with Session(self.engine) as session, session.begin():
            speak_as(session, actor="operator")
            defer(session, RECOMPUTE_FINDINGS, work_id=4711)

    def count(self, what: str) -> int:
        with Session(self.engine) as session:
            return int(session.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())


def test_one_of_several_server_processes_works_off_jobs(home: Path, start: Start) -> None:
    served = start(home, "--workers", "2")
    queue = Queue(home)
    wait_until(lambda: queue.count("procrastinate_workers") == 2)  # one process, one for each queue
    queue.put()
    wait_until(
        lambda: (
            queue.count("procrastinate_jobs WHERE task_name = 'recompute_findings' AND status = 'succeeded'")
            == 1
        )
    )
    assert queue.count("procrastinate_workers") == 2
    queue.engine.dispose()
    asked = time.monotonic()
    assert served.stop(signal.SIGTERM) == 0
    assert time.monotonic() - asked < 20


def test_a_worker_alone(home: Path, start: Start) -> None:
    start(home, "--no-worker")
    queue = Queue(home)
    queue.put()
    time.sleep(2)
    assert queue.count("procrastinate_jobs WHERE task_name = 'recompute_findings' AND status = 'todo'") == 1
    worker = subprocess.Popen(
        [sys.executable, "-m", "geo_service", "worker"], env=environment(home), cwd="/",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        wait_until(
            lambda: (
                queue.count(
                    "procrastinate_jobs WHERE task_name = 'recompute_findings' AND status = 'succeeded'"
                )
                == 1
            )
        )
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=PATIENCE_S)
        assert (worker.returncode, "Traceback" in said) == (0, False), said
        assert queue.count("procrastinate_workers") == 0
    finally:
        if worker.poll() is None:
            worker.kill()
        queue.engine.dispose()
