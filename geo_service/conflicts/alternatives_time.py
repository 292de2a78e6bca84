"""The earliest other days on which a request would not be blocked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from geo_service.conflicts.check import CheckQuestion
from geo_service.conflicts.free_candidates import Search
from geo_service.errors import BadInterval
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.recurrence import Recurrence, expand


@dataclass(frozen=True, slots=True)
class AlternativeTime:
    """The whole period asked for, later; half-open, the same times of the clock."""

    period: Interval


def find_time(
    search: Search, question: CheckQuestion, recurrence: Recurrence | None, *, days: int
) -> AlternativeTime | None:
    """The earliest start after the wished day, whole civil days forward, at most `days` of them.

    The number of days, the times of the clock and the recurring pattern stay; days on which the pattern or
    the times do not exist are left out, and those before `as_of`. Raises OutOfTime.
    """
    today = search.as_of.astimezone(TOWN_ZONE).date()
    wished = question.mine.period.first_day()
    found = search.first_free(
        range(max(1, (today - wished).days), days + 1),
        lambda shifts: _later(question, recurrence, shifts),
    )
    return None if found is None else AlternativeTime(found[1].mine.period)


def _later(
    question: CheckQuestion, recurrence: Recurrence | None, shifts: Sequence[int]
) -> Mapping[int, CheckQuestion]:
    """The question so many civil days later, for each of `shifts` that can be."""
    asked = {}
    for shift in shifts:
        try:
            period = question.mine.period.shifted(shift)
            spans = None if recurrence is None else expand(recurrence, period)
        except BadInterval:
            continue
        asked[shift] = replace(question, mine=replace(question.mine, period=period, recurrence=spans))
    return asked
