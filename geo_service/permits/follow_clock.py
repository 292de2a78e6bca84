"""What the clock does to cases: a permit begins and ends with its period, offices have had their time.

May run at any time, as often as one likes and in several places at once: each case is moved in a transaction
of its own that first looks whether it is still the one that was due.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Engine, Row
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geo_service.db.database import operator_session, speak_as
from geo_service.errors import PreconditionFailed, Rejected
from geo_service.identity.caller import system_of
from geo_service.permits.decide_permit import Move, move_permit
from geo_service.sql.loader import statements, text
from geo_service.towns.town import list_towns

_AT_ONCE = 500
_DUE = text(statements("permits")["due_by_clock"])
_log = structlog.get_logger()


def follow_clock(
    engine: Engine, *, now: Callable[[], datetime], should_stop: Callable[[], bool] = lambda: False
) -> int:
    """Move every case of every town whose time has come; returns how many steps were taken.

    now: the clock, read for each town. should_stop: asked before each case; what was done stays.
    """
    with operator_session(engine) as session:
        towns = [town.ags for town in list_towns(session)]
    return sum(_follow_town(engine, town, now, should_stop) for town in towns)


def _follow_town(
    engine: Engine, town: str, now: Callable[[], datetime], should_stop: Callable[[], bool]
) -> int:
    taken = 0
    while True:  # again: what began while nobody looked may be over already
        as_of = now()
        with Session(engine) as session, session.begin():
            speak_as(session, actor="system", town=town)
            due = session.execute(_DUE, {"town": town, "as_of": as_of, "number": _AT_ONCE}).all()
        moved = 0
        for case in due:
            if should_stop():
                return taken + moved
            moved += _move(engine, town, case, as_of)
        taken += moved
        if not moved:
            return taken


def _move(engine: Engine, town: str, case: Row[Any], as_of: datetime) -> bool:
    move = Move(to=case.next_status, versions=frozenset({case.version}))
    try:
        with Session(engine) as session, session.begin():
            speak_as(session, actor="system", town=town)
            move_permit(session, str(case.permit_id), move, caller=system_of(town), as_of=as_of)
    except (Rejected, PreconditionFailed):  # somebody was faster
        return False
    except OperationalError:
        raise
    except Exception as error:  # one case must not keep the others where they are
        _log.error("case does not follow the clock", permit_id=str(case.permit_id), exc_info=error)
        return False
    return True
