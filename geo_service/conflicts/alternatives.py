"""What somebody may do instead: "from 6 June, or 7 metres further", when a request is blocked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from geo_service.conflicts.alternatives_place import AlternativePlace, find_place
from geo_service.conflicts.alternatives_time import AlternativeTime, find_time
from geo_service.conflicts.catalogue import Catalogue, catalogue
from geo_service.conflicts.check import CheckQuestion, CheckResult
from geo_service.conflicts.finding import Finding, period_document
from geo_service.conflicts.free_candidates import OutOfTime, Search, blocks
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.recurrence import Recurrence

BUDGET_S = 2.0
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternatives:
    """None: there is none on the grid, or, if `incomplete`, the time was up before one was found.

    What is told is exact in any case: nothing earlier, or nearer, is free.
    """

    time: AlternativeTime | None
    place: AlternativePlace | None
    incomplete: bool


def is_worth_a_search(result: CheckResult) -> bool:
    """Something blocks that is not the competence (K24): no other day and no step aside changes the town."""
    return any(finding.severity == "block" and finding.number != "K24" for finding in result.findings)


def find_alternatives(
    session: Session,
    question: CheckQuestion,
    result: CheckResult,
    *,
    recurrence: Recurrence | None,
    as_of: datetime,
    budget_s: float = BUDGET_S,
) -> Alternatives:
    """The earliest other time and the nearest other place; `result` is what the check of `question` found.

    How far is searched: `alternative_days`, `alternative_reach_m`, `alternative_step_m` of the parameters.
    The search for another time ends at half the budget, so that one for a place is always made.
    """
    began = time.monotonic()
    found = catalogue(session, question.mine.town, as_of.astimezone(TOWN_ZONE).date())
    days = int(found.values["alternative_days"].value)
    reach_m, step_m = found.values["alternative_reach_m"].value, found.values["alternative_step_m"].value
    in_the_way = [finding for finding in result.findings if blocks(finding)]
    times = Search(
        session=session,
        as_of=as_of,
        deadline=began + budget_s / 2,
        known=_others(sorted(in_the_way, key=_end, reverse=True)),
        holds_everywhere=_too_narrow_alone(found),
    )
    places = Search(session=session, as_of=as_of, deadline=began + budget_s, known=_others(in_the_way))
    when, late = None, False
    if not any(times.holds_everywhere(finding) for finding in in_the_way):
        when, late = _in_time(lambda: find_time(times, question, recurrence, days=days))
    where, later = _in_time(lambda: find_place(places, question, reach_m=reach_m, step_m=step_m))
    return Alternatives(time=when, place=where, incomplete=late or later)


def _too_narrow_alone(found: Catalogue) -> Callable[[Finding], bool]:
    """Says of a finding whether it blocks on every day, because mine alone leaves too little free width.

    Others only take more of it, so that no day is better; only who is counted in can be gone on another day.
    """
    strips = {rule.name for rule in found.rules if rule.kind == "strip"}
    return lambda finding: finding.rule in strips and not finding.together


def _others(findings: Sequence[Finding]) -> list[int]:
    """The stored occupations that findings are about, each once."""
    ids = (finding.other.occupation_id for finding in findings if finding.other is not None)
    return [known for known in dict.fromkeys(ids) if known is not None]


def _end(finding: Finding) -> float:
    """Who stays longest stands in the way of the most days."""
    period = None if finding.other is None else finding.other.period
    end = None if period is None else period.end
    return float("inf") if end is None else end.timestamp()


def _in_time(deed: Callable[[], T | None]) -> tuple[T | None, bool]:
    try:
        return deed(), False
    except OutOfTime:
        return None, True


def alternatives_document(found: Alternatives | None) -> dict[str, Any] | None:
    """The JSON of api.md section 3."""
    if found is None:
        return None
    place = found.place
    return {
        "time": None if found.time is None else _time_document(found.time.period),
        "place": None if place is None else {"geometry": place.geometry, "shift_m": place.shift_m},
        "incomplete": found.incomplete,
    }


def _time_document(period: Interval) -> dict[str, Any]:
    """Civil days, both included; instants too where the period does not begin and end with a day."""
    first, last = period.first_day(), period.last_day()
    days = {"from": first.isoformat(), "until": None if last is None else last.isoformat()}
    return days if period == Interval.of_days(first, last) else {**days, **(period_document(period) or {})}
