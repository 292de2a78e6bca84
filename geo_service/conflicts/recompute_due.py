"""Findings to be made anew because rules, values, towns, roads or facilities changed, not the case itself.

What is due is put on a list in the transaction of the change, and worked off in the background, part by
part: each under the binding lock and committed, so that nobody waits long and a stopped worker goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo_service.conflicts.binding_lock import take_binding_lock
from geo_service.conflicts.catalogue import catalogue, forget_values
from geo_service.conflicts.recompute_many import recompute_many
from geo_service.conflicts.rule_basis import basis_of
from geo_service.conflicts.stored_questions import stored_questions
from geo_service.db.database import operator_session
from geo_service.jobs.queue import RECOMPUTE_FINDINGS, defer
from geo_service.jobs.work import advance_work, drop_work, finish_work, open_work, set_total, start_work
from geo_service.sql.loader import statements, text

Reason = Literal["rules", "town", "roads", "facilities"]
OUTSIDE = "-"  # stands for "outside every town"
PART = 100  # under one lock and commit: some tenths of a second
_NAMED = statements("findings")


def recompute_town(session: Session, town: str, *, reason: Reason) -> int | None:
    """Have all findings of a town made anew in the background; returns the work's id, None if there are none.

    town: AGS, or OUTSIDE. The session speaks as the operator.
    """
    return _due(session, "due_of_town", reason, None if town == OUTSIDE else town, town=town)


def recompute_occupations(session: Session, occupation_ids: Sequence[int], *, reason: Reason) -> int | None:
    """The same for some occupations, in whatever town they are."""
    if not occupation_ids:
        return None
    return _due(session, "due_of_list", reason, None, occupations=list(occupation_ids))


def _due(session: Session, statement: str, reason: Reason, desk: str | None, **what: object) -> int | None:
    work_id = open_work(session, RECOMPUTE_FINDINGS, reason=reason, town=desk)
    listed = session.execute(text(_NAMED[statement]), {"work_id": work_id, **what})
    total = int(getattr(listed, "rowcount", 0))
    set_total(session, work_id, total)
    if total == 0:
        drop_work(session, work_id)
        return None
    defer(session, RECOMPUTE_FINDINGS, lock=RECOMPUTE_FINDINGS, work_id=work_id)
    return work_id


def recompute_outdated(session: Session, *, day: date, town: str | None = None) -> list[int]:
    """Have findings made anew where the rules or values in force are others than those they rest on.

    A rule file changed, a value of a town changed, or a new value came into force today. Looks at every town
    or at one (AGS). Returns the works. The session speaks as the operator.
    """
    works: list[int] = []
    for row in session.execute(text(_NAMED["bases_of_findings"]), {"town": town}).all():
        in_force = catalogue(session, None if row.town == OUTSIDE else row.town, day)
        basis_id, _ = basis_of(in_force)
        if row.basis_id == basis_id:
            continue
        session.execute(text(_NAMED["save_basis_of_findings"]), {"town": row.town, "basis_id": basis_id})
        work_id = recompute_town(session, row.town, reason="rules")
        works += [] if work_id is None else [work_id]
    return works


def work_off(
    engine: Engine,
    work_id: int,
    *,
    now: Callable[[], datetime],
    should_stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Make the findings on the list of a work anew, part by part; False if it was stopped before the end.

    now: the clock, read for each part. should_stop: asked after each part. What a part did stays.
    """
    with operator_session(engine) as session:
        if not start_work(session, work_id):
            return True
        forget_values(session)  # the change that this follows from may be younger than what is kept
    while not should_stop():
        with operator_session(engine) as session:
            if not _part(session, work_id, as_of=now()):
                return True
    return False


def _part(session: Session, work_id: int, *, as_of: datetime) -> bool:
    take_binding_lock(session)
    asked = {"work_id": work_id, "number": PART}
    due = list(session.execute(text(_NAMED["next_due"]), asked).scalars())
    if not due:
        finish_work(session, work_id, "done")
        return False
    recompute_many(session, stored_questions(session, due, as_of=as_of), as_of=as_of)
    session.execute(text(_NAMED["strike_off"]), {"work_id": work_id, "occupations": due})
    left = session.execute(text(_NAMED["count_due"]), {"work_id": work_id}).scalar_one()
    advance_work(session, work_id, left)
    return True
