"""Does an occupation meet the hours in which children go to school? Hessian days, package `holidays`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from geo_service.days_off import days_off
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.parameters import ValueInForce

_FIRST_YEAR = 1991  # the package knows German school holidays from here on
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class SchoolHours:
    """Minutes of the day in which children are on their way: [from, until) of morning and afternoon."""

    spans: tuple[tuple[int, int], ...]


def school_hours(values: Mapping[str, ValueInForce]) -> SchoolHours:
    """The hours in force, from data/parameters.yaml or the town's own values."""
    return SchoolHours(
        spans=tuple(
            (_minutes(values, f"school_{part}_from_h"), _minutes(values, f"school_{part}_until_h"))
            for part in ("morning", "afternoon")
        )
    )


def _minutes(values: Mapping[str, ValueInForce], name: str) -> int:
    return round(values[name].value * 60)


def meets_school_hours(mine: Occupation, hours: SchoolHours, *, as_of: datetime) -> bool | None:
    """True if some moment of mine lies in the school hours of a school day.

    Days are looked at only until the first one that is met, so that five years cost as little as a week.
    None: it is not known, because the school holidays of those years are not, or because mine has no known
    end and does not meet them from its start to `as_of`.
    """
    if mine.period.end is None:
        known = Interval(mine.period.start, max(mine.period.start, as_of) + _MOMENT)
        return True if _span_meets(known, hours) else None
    for span in (mine.period,) if mine.recurrence is None else mine.recurrence:
        meets = _span_meets(span, hours)
        if meets is not False:
            return meets
    return False


def _span_meets(span: Interval, hours: SchoolHours) -> bool | None:
    """The answer of the first day that gives one: what is not known begins at a day and does not end."""
    assert span.end is not None
    start, end = (moment.astimezone(TOWN_ZONE).replace(tzinfo=None) for moment in (span.start, span.end))
    day = start.date()
    while datetime.combine(day, time.min) < end:
        if _is_met(day, start, end, hours) and school_day(day) is not False:
            return school_day(day)
        day += timedelta(days=1)
    return False


def _is_met(day: date, start: datetime, end: datetime, hours: SchoolHours) -> bool:
    midnight = datetime.combine(day, time.min)
    return any(
        start < midnight + timedelta(minutes=until) and midnight + timedelta(minutes=begin) < end
        for begin, until in hours.spans
    )


def school_day(day: date) -> bool | None:
    """Whether children go to school in Hessen on a day; None beyond the school holidays that are known."""
    if day.weekday() >= 5 or day in _free_days(day.year):
        return False
    return True if date(_FIRST_YEAR, 1, 1) <= day <= holidays_known_until() else None


@cache
def _free_days(year: int) -> frozenset[date]:
    return frozenset(days_off(years=year, categories=("public", "school")))


@cache
def holidays_known_until() -> date:
    """The last day of the last school holidays that the package knows; the days after it are open."""
    last, year = date(_FIRST_YEAR, 1, 1), _FIRST_YEAR
    while days := days_off(years=year, categories=("school",)):
        last, year = max(days), year + 1
    return last
