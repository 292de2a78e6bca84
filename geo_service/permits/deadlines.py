"""Deadlines in working days of Hessen (package `holidays`); they end with the day in the town."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import catalogue
from geo_service.days_off import days_off
from geo_service.interval import TOWN_ZONE, midnight

_AWAITING = {
    "more_information_needed": "information_deadline_days",
    "in_consultation": "consultation_deadline_days",
}
_MOMENT = timedelta(microseconds=1)


def working_days_later(day: date, number: int) -> date:
    """The number-th working day after `day`; Saturdays, Sundays and public holidays of Hessen are none."""
    later: date = days_off().get_nth_working_day(day, number)
    return later


def due_after(number: int, *, as_of: datetime) -> datetime:
    """The first instant after a deadline of so many working days."""
    last = working_days_later(as_of.astimezone(TOWN_ZONE).date(), number)
    return midnight(last + timedelta(days=1))


def answer_due_at(session: Session, town: str, status: str, *, as_of: datetime) -> datetime | None:
    """Until when a case that comes into `status` now waits for somebody, exclusive; None where for nobody.

    The number of days is a value of the rules, so a town may have its own.
    """
    if status not in _AWAITING:
        return None
    values = catalogue(session, town, as_of.astimezone(TOWN_ZONE).date()).values
    return due_after(round(values[_AWAITING[status]].value), as_of=as_of)


def working_days_in(
    steps: Sequence[tuple[datetime, str]], states: Collection[str], *, until: datetime
) -> int:
    """On how many working days a case was in one of `states` when the day ended; `steps`: oldest first."""
    if not steps:
        return 0
    calendar = days_off()
    day, last = steps[0][0].astimezone(TOWN_ZONE).date(), until.astimezone(TOWN_ZONE).date()
    number = 0
    while day < last:
        end = midnight(day + timedelta(days=1))
        state = [after for at, after in steps if at < end][-1]
        number += state in states and calendar.is_working_day(day)
        day += timedelta(days=1)
    return number


def last_day_of(due_at: datetime | None) -> str | None:
    """The last day of a deadline, as people read it."""
    return None if due_at is None else (due_at.astimezone(TOWN_ZONE) - _MOMENT).date().isoformat()
