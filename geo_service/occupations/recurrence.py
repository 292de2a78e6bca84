"""Recurring time spans (season, weekdays, hours) as the intervals they mean inside a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from geo_service.errors import BadInterval
from geo_service.interval import TOWN_ZONE, Interval

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, kw_only=True, slots=True)
class Recurrence:
    """When inside the period it is there. `until_time` at or before `from_time` lies on the next day.

    season: first and last (month, day), both included, may pass the turn of the year.
    weekdays: of WEEKDAYS, the day on which a span begins; empty = every day.
    """

    season: tuple[tuple[int, int], tuple[int, int]] | None = None
    weekdays: frozenset[str] = frozenset()
    from_time: time | None = None
    until_time: time | None = None


def expand(recurrence: Recurrence, period: Interval, zone: ZoneInfo = TOWN_ZONE) -> tuple[Interval, ...]:
    """The intervals of the pattern, cut to `period`, ascending and merged.

    Raises BadInterval when the period is open or the pattern never meets it.
    """
    last = period.last_day(zone)
    if last is None or period.end is None:
        raise BadInterval("A recurring pattern needs a period with an end.")
    day = period.first_day(zone) - timedelta(days=1)  # a night that began the day before
    found: list[Interval] = []
    while day <= last:
        if _is_on(recurrence, (day.month, day.day), WEEKDAYS[day.weekday()]):
            start = datetime.combine(day, recurrence.from_time or time.min, tzinfo=zone)
            until = recurrence.until_time or time.min
            next_day = until <= (recurrence.from_time or time.min)
            end = datetime.combine(day + timedelta(days=1 if next_day else 0), until, tzinfo=zone)
            start, end = max(start, period.start), min(end, period.end)
            if start < end:
                found.append(Interval(start, end))
        day += timedelta(days=1)
    if not found:
        raise BadInterval("The recurring pattern never falls into the period.")
    return merged(found)


def _is_on(recurrence: Recurrence, month_day: tuple[int, int], weekday: str) -> bool:
    if recurrence.weekdays and weekday not in recurrence.weekdays:
        return False
    if recurrence.season is None:
        return True
    first, last = recurrence.season
    return first <= month_day <= last if first <= last else month_day >= first or month_day <= last


def merged(spans: list[Interval]) -> tuple[Interval, ...]:
    """Ascending intervals with ends, at least one; those that touch or overlap become one."""
    whole = [spans[0]]
    for span in spans[1:]:
        before = whole[-1]
        if before.end is not None and span.end is not None and span.start <= before.end:
            whole[-1] = Interval(before.start, max(before.end, span.end))
        else:
            whole.append(span)
    return tuple(whole)
