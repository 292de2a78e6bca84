"""How long people stay known: drafts are thrown away, cases that are long over go on without the person.

The periods are the town's (`draft_days`, `retention_days` in town.toml). What is done to a case is one
function of the database (sql/migrations/0006/41_retention.sql), which the service alone may call. May run at
any time and in several places at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geo_service.db.database import operator_session, speak_as
from geo_service.messages.outbox import forget_messages
from geo_service.sql.loader import statements, text
from geo_service.towns.town import Town, list_towns

# Nothing follows these. A permit that has ended and that nobody accepts is over, too: its period is.
OVER = ("rejected", "withdrawn", "dismissed", "accepted", "surrendered", "lapsed", "revoked", "ended")
KINDS = ("drafts", "people", "parties", "papers", "messages", "notes", "texts")
_AT_ONCE = 500
_Deed = Callable[[Session, UUID], Counter[str]]
_NAMED = statements("retention")
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class RetentionRun:
    """What a run has removed (`KINDS`), and how much it should have removed and did not."""

    at: datetime
    counts: dict[str, int]
    left_over: int


def forget_people(
    engine: Engine, *, now: Callable[[], datetime], should_stop: Callable[[], bool] = lambda: False
) -> Counter[str]:
    """Do what is due in every town and record it; returns the sums.

    now: the clock, read for each town. should_stop: asked before each case; what was done stays.
    """
    with operator_session(engine) as session:
        towns = list_towns(session)
    total: Counter[str] = Counter()
    for town in towns:
        if should_stop():
            break
        total += _forget_in(engine, town, now(), should_stop)
    return total


def list_retention_runs(session: Session, number: int = 10) -> list[RetentionRun]:
    """The last runs of the town that speaks, newest first."""
    rows = session.execute(text(_NAMED["list_runs"]), {"number": number}).mappings()
    return [RetentionRun(**row) for row in rows]


def _forget_in(engine: Engine, town: Town, as_of: datetime, should_stop: Callable[[], bool]) -> Counter[str]:
    due = {
        "town": town.ags,
        "over": list(OVER),
        "over_since": as_of - timedelta(days=town.settings.retention_days),
        "untouched_since": as_of - timedelta(days=town.settings.draft_days),
    }
    counts: Counter[str] = Counter()
    for listed, deed in (("drafts_left_lying", _delete_draft), ("cases_to_anonymise", _forget_person)):
        for permit_id in _each(engine, town, listed, due):
            if should_stop():
                return counts  # the next run goes on and records
            counts += _done(engine, town, permit_id, deed)
    with _speaking(engine, town) as session:
        left_over = session.execute(text(_NAMED["people_left_over"]), due).scalar_one()
        record = {"town": town.ags, "at": as_of, "left_over": left_over}
        shown = orjson.dumps({kind: counts[kind] for kind in KINDS}).decode()
        session.execute(text(_NAMED["record_run"]), {**record, "counts": shown})
    return counts


def _each(engine: Engine, town: Town, listed: str, due: dict[str, Any]) -> Iterator[UUID]:
    """What is due, until nothing new is: a case that cannot be done is met once a run."""
    met: set[UUID] = set()
    while True:
        with _speaking(engine, town) as session:
            asked = {**due, "number": _AT_ONCE + len(met)}
            found: Sequence[UUID] = session.execute(text(_NAMED[listed]), asked).scalars().all()
        new = [permit_id for permit_id in found if permit_id not in met]
        if not new:
            return
        met.update(new)
        yield from new


def _done(engine: Engine, town: Town, permit_id: UUID, deed: _Deed) -> Counter[str]:
    try:
        with _speaking(engine, town) as session:
            return deed(session, permit_id)
    except OperationalError:
        raise
    except Exception as error:  # one case must not keep the others; it is left over, and recorded so
        _log.error("person is not forgotten", permit_id=str(permit_id), exc_info=error)
        return Counter()


def _delete_draft(session: Session, permit_id: UUID) -> Counter[str]:
    session.execute(text(_NAMED["delete_draft_occupation"]), {"permit_id": permit_id})
    gone = session.execute(text(_NAMED["delete_draft"]), {"permit_id": permit_id}).one_or_none()
    return Counter(drafts=1 if gone else 0)


def _forget_person(session: Session, permit_id: UUID) -> Counter[str]:
    counts = session.execute(text(_NAMED["forget_person"]), {"permit_id": permit_id}).scalar_one()
    if counts is None:  # another worker was here before
        return Counter()
    return Counter({**counts, "messages": forget_messages(session, permit_id)})


@contextmanager
def _speaking(engine: Engine, town: Town) -> Iterator[Session]:
    with Session(engine) as session, session.begin():
        speak_as(session, actor="system", town=town.ags)
        yield session
