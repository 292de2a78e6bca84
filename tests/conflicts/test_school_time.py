"""Days and hours of the way to school: against a plain list of minutes, at the edge of what is known, and fast."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo_service.conflicts.school_time import (
    SchoolHours,
    holidays_known_until,
    meets_school_hours,
    school_day,
)
from geo_service.interval import TOWN_ZONE, Interval

HOURS = SchoolHours(spans=((420, 510), (750, 960)))
AS_OF = datetime(2026, 5, 1, 10, 0, tzinfo=TOWN_ZONE)


def test_school_days_of_hessen() -> None:
    free = ["2026-01-01", "2026-04-10", "2026-06-04", "2026-06-29", "2026-08-07", "2026-10-17", "2026-12-23"]
    open_days = ["2026-03-27", "2026-06-26", "2026-08-10", "2026-10-19", "2026-12-22"]
    assert {day: school_day(date.fromisoformat(day)) for day in free} == dict.fromkeys(free, False)
    assert {day: school_day(date.fromisoformat(day)) for day in open_days} == dict.fromkeys(open_days, True)
    assert school_day(date(2026, 6, 13)) is False


def test_beyond_what_is_known_nothing_is_said() -> None:
    last = holidays_known_until()
    assert last >= date(2029, 8, 24)
    after = last + timedelta(days=7 - last.weekday())  # the Monday after
    assert school_day(after) is None
    assert school_day(after + timedelta(days=5)) is False
    assert school_day(date(last.year + 10, 5, 1)) is False  # public holidays are known for ever


def meets(scenery: Any, **words: Any) -> bool | None:
    return meets_school_hours(scenery.occupation(words, state="submitted"), HOURS, as_of=AS_OF)


MOMENT = st.integers(0, 28 * 24 * 4).map(
    lambda n: datetime(2026, 3, 16, tzinfo=TOWN_ZONE) + n * timedelta(minutes=15)
)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(start=MOMENT, quarters=st.integers(1, 14 * 96))
def test_it_agrees_with_looking_at_every_quarter_of_an_hour(
    scenery: Any, start: datetime, quarters: int
) -> None:
    """Four weeks with the change of the clocks, the begin of the Easter holidays and a public holiday in them."""
    instants = [(start.timestamp() + n * 900) for n in range(quarters)]
    local = [datetime.fromtimestamp(each, TOWN_ZONE) for each in instants]
    expected = any(
        each.weekday() < 5 and not date(2026, 3, 30) <= each.date() <= date(2026, 4, 10)
        and (420 <= each.hour * 60 + each.minute < 510 or 750 <= each.hour * 60 + each.minute < 960)
        for each in local
    )  # fmt: skip
    end = datetime.fromtimestamp(start.timestamp() + quarters * 900, TOWN_ZONE)
    whole = replace(scenery.occupation({}, state="submitted"), period=Interval(start, end))
    assert meets_school_hours(whole, HOURS, as_of=AS_OF) is expected


def test_five_years_are_as_fast_as_a_week(scenery: Any) -> None:
    days = [date(2024, 6, 1), date(2029, 5, 31)]
    nights = scenery.occupation({"days": days, "every": {"hours": ["20:00", "06:00"]}}, state="submitted")
    whole = scenery.occupation({"days": days}, state="submitted")
    later = [date(2030, 6, 1), date(2035, 5, 31)]
    unknown = scenery.occupation({"days": later}, state="submitted")
    for mine, expected, at_most_s in ((whole, True, 0.001), (unknown, None, 0.001), (nights, False, 0.1)):
        taken_s = []
        for _ in range(5):  # the first reads the holidays of these years; the machine may be busy
            begun = time.perf_counter()
            assert meets_school_hours(mine, HOURS, as_of=AS_OF) is expected
            taken_s.append(time.perf_counter() - begun)
        assert min(taken_s) < at_most_s


def test_an_unknown_end_is_told_from_unknown_holidays(scenery: Any) -> None:
    assert meets(scenery, days=[date(2026, 4, 30), None]) is True  # a school day before as_of
    assert meets(scenery, days=[date(2026, 5, 1), None]) is None  # the first of May
    assert meets(scenery, days=[date(2031, 5, 5), date(2031, 5, 9)]) is None
    assert meets(scenery, days=[date(2031, 5, 10), date(2031, 5, 11)]) is False
