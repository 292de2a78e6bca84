"""Background work as people see it: what it is about, how far it is, whether it failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from geo_service.sql.loader import statements, text

_NAMED = statements("jobs")


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One piece of work. state: waiting, running, done, failed. town: whose desk sees it, None = all."""

    work_id: int
    job: str
    town: str | None
    reason: str
    state: str
    done: int
    total: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def over(self) -> bool:
        """True when nobody works on it any more."""
        return self.state in ("done", "failed")


def open_work(session: Session, job: str, *, reason: str, town: str | None) -> int:
    """Note a new piece of work; returns its id. Its job is to be deferred in the same transaction."""
    values = {"job": job, "town": town, "reason": reason}
    return int(session.execute(text(_NAMED["open_work"]), values).scalar_one())


def set_total(session: Session, work_id: int, total: int) -> None:
    """How much there is to do."""
    session.execute(text(_NAMED["set_total"]), {"work_id": work_id, "total": total})


def drop_work(session: Session, work_id: int) -> None:
    """There is nothing to do."""
    session.execute(text(_NAMED["drop_work"]), {"work_id": work_id})


def start_work(session: Session, work_id: int) -> bool:
    """Say that a worker is at it; False when there is no such work or it is done."""
    return session.execute(text(_NAMED["start_work"]), {"work_id": work_id}).one_or_none() is not None


def advance_work(session: Session, work_id: int, left: int) -> None:
    """Say how much is left to do."""
    session.execute(text(_NAMED["advance_work"]), {"work_id": work_id, "left": left})


def finish_work(session: Session, work_id: int, state: str) -> None:
    """The work is over: `done` or `failed`."""
    session.execute(text(_NAMED["finish_work"]), {"work_id": work_id, "state": state})


def list_work(session: Session, work_ids: Iterable[int]) -> list[Work]:
    """Some pieces of work as they stand; as the operator."""
    return _works(session, "get_work", works=list(work_ids))


def list_open_work(session: Session, town: str) -> list[Work]:
    """What is waiting, running or has failed for a town; row-level security shows it to its desk."""
    return _works(session, "list_open_work", town=town)


def _works(session: Session, statement: str, **asked: Any) -> list[Work]:
    return [Work(**row) for row in session.execute(text(_NAMED[statement]), asked).mappings()]
