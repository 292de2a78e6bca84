"""Putting a job into the queue, in the transaction of what makes it necessary: both happen, or neither.

Who works the queue off is none of this room's business (worker/). A job's arguments are ids, never what is
private: the queue has no row-level security.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any, Final

from sqlalchemy.orm import Session

RECOMPUTE_FINDINGS: Final = "recompute_findings"
FOLLOW_CLOCK: Final = "follow_clock"
MAKE_NOTICE: Final = "make_notice"
FORGET_PEOPLE: Final = "forget_people"
SWEEP_FILES: Final = "sweep_files"
SEND_MESSAGE: Final = "send_message"

# Two queues, each worked off by itself: a mail server that hangs keeps no findings waiting, and vice versa.
WORK: Final = "default"
MAIL: Final = "mail"


@cache
def _queue() -> Any:
    """The queue's library, loaded at the first job; never opened, a job goes through its session."""
    procrastinate = import_module("procrastinate")
    return procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def defer(
    session: Session,
    job: str,
    *,
    lock: str | None = None,
    queue: str = WORK,
    not_before: datetime | None = None,
    **ids: int | str,
) -> int:
    """Put a job into the queue; returns its id. Jobs with the same `lock` run one after the other.

    It runs after the commit, and not before `not_before`. `job` is a name that worker/tasks.py knows.
    """
    connection = session.connection().connection.driver_connection
    asked = _queue().configure_task(
        job, lock=lock, queue=queue, schedule_at=not_before, connection=connection
    )
    found: int = asked.defer(**ids)
    return found
