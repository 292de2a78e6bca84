from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from geo_service.errors import BadInterval
from geo_service.interval import Interval
from geo_service.occupations.recurrence import Recurrence, expand


def days(first: date, last: date) -> Interval:
    return Interval.of_days(first, last)


def hours(spans: tuple[Interval, ...]) -> list[float]:
    return [
        (span.end.astimezone(UTC) - span.start.astimezone(UTC)).total_seconds() / 3600
        for span in spans
        if span.end
    ]


def test_nights_end_on_the_next_day_and_are_cut_at_both_ends() -> None:
    nights = Recurrence(from_time=time(22), until_time=time(5))
    spans = expand(nights, days(date(2026, 6, 1), date(2026, 6, 2)))
    assert hours(spans) == [5, 7, 2]


def test_a_night_on_which_clocks_change_has_an_hour_more() -> None:
    nights = Recurrence(from_time=time(22), until_time=time(5))
    assert hours(expand(nights, days(date(2026, 10, 24), date(2026, 10, 26))))[1] == 8


def test_weekdays_that_follow_each_other_are_one_span() -> None:
    weekend = Recurrence(weekdays=frozenset({"sat", "sun"}))
    spans = expand(weekend, days(date(2026, 6, 1), date(2026, 6, 14)))
    assert hours(spans) == [48, 48]


def test_a_season_may_pass_the_turn_of_the_year() -> None:
    winter = Recurrence(season=((11, 1), (2, 28)))
    spans = expand(winter, days(date(2026, 1, 1), date(2026, 12, 31)))
    assert [(s.first_day(), s.last_day()) for s in spans] == [
        (date(2026, 1, 1), date(2026, 2, 28)),
        (date(2026, 11, 1), date(2026, 12, 31)),
    ]


def test_a_pattern_that_never_falls_into_the_period_or_has_no_end_is_refused() -> None:
    with pytest.raises(BadInterval):
        expand(Recurrence(weekdays=frozenset({"sat"})), days(date(2026, 6, 1), date(2026, 6, 2)))
    with pytest.raises(BadInterval):
        expand(Recurrence(), Interval(datetime(2026, 6, 1, tzinfo=UTC)))
