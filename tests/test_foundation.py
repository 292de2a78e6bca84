from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.errors import BadInterval
from geo_service.interval import Interval


def test_a_day_is_whole_even_when_clocks_change() -> None:
    autumn = Interval.of_days(date(2026, 10, 25), date(2026, 10, 25))
    assert autumn.end is not None
    assert (autumn.end.astimezone(UTC) - autumn.start.astimezone(UTC)).total_seconds() == 25 * 3600
    assert autumn.last_day() == date(2026, 10, 25)
    assert autumn.days() == 1


def test_logs_are_set_up_in_tests_too() -> None:
    """structlog's own default prints every local of a traceback: 5 to 10 s for one answer of 500."""
    assert structlog.is_configured()
    assert not any(
        isinstance(each, structlog.dev.ConsoleRenderer) for each in structlog.get_config()["processors"]
    )


def test_touching_is_not_overlapping() -> None:
    week = Interval.of_days(date(2026, 5, 4), date(2026, 5, 8))
    assert not week.overlaps(Interval.of_days(date(2026, 5, 9), date(2026, 5, 9)))
    assert week.overlaps(Interval.of_days(date(2026, 5, 8), None))


@pytest.mark.parametrize(
    ("start", "end", "days", "expected"),
    [
        ("2026-10-24T00:00+02:00", "2026-10-25T00:00+02:00", 1, ("2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00")),
        ("2026-10-24T08:00+02:00", "2026-10-24T12:00+02:00", 1, ("2026-10-25T08:00+01:00", "2026-10-25T12:00+01:00")),
        # Half past two, which there is not in spring and twice in autumn.
        ("2026-03-28T02:30+01:00", "2026-03-28T04:00+01:00", 1, ("2026-03-29T03:30+02:00", "2026-03-29T04:00+02:00")),
        ("2026-10-24T02:30+02:00", "2026-10-24T04:00+02:00", 1, ("2026-10-25T02:30+02:00", "2026-10-25T04:00+01:00")),
        ("2026-10-25T02:30+01:00", "2026-10-25T04:00+01:00", 1, ("2026-10-26T02:30+01:00", "2026-10-26T04:00+01:00")),
        ("2026-06-01T00:00+02:00", None, 30, ("2026-07-01T00:00+02:00", None)),
    ],
)  # fmt: skip
def test_an_interval_keeps_its_times_of_the_clock_on_other_days(
    start: str, end: str | None, days: int, expected: tuple[str, str | None]
) -> None:
    given = Interval(datetime.fromisoformat(start), None if end is None else datetime.fromisoformat(end))
    wanted = tuple(None if moment is None else datetime.fromisoformat(moment) for moment in expected)
    shifted = given.shifted(days)
    assert (shifted.start, shifted.end) == wanted


def test_an_interval_that_the_change_of_clocks_swallows_cannot_be_shifted() -> None:
    given = Interval(
        datetime.fromisoformat("2026-03-28T02:30+01:00"), datetime.fromisoformat("2026-03-28T03:15+01:00")
    )
    with pytest.raises(BadInterval):
        given.shifted(1)


def test_a_reversed_or_naive_interval_is_refused() -> None:
    with pytest.raises(BadInterval):
        Interval.of_days(date(2026, 5, 4), date(2026, 5, 3))
    with pytest.raises(BadInterval):
        Interval(datetime(2026, 5, 4), None)  # noqa: DTZ001  the naive instant is the point


def test_the_application_owns_nothing_and_is_no_superuser(empty_session: Session) -> None:
    role = empty_session.execute(
        text("SELECT current_user AS name, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    ).one()
    assert (role.name, role.rolsuper, role.rolbypassrls) == ("geo_service_app", False, False)
    owned = empty_session.execute(
        text(
            "SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
        )
    ).scalar_one()
    assert owned == 0


def test_reads_of_occupations_keep_the_spatial_index_for_the_application(empty_session: Session) -> None:
    empty_session.execute(text("SET LOCAL enable_seqscan = off"))
    plan = "\n".join(
        row[0]
        for row in empty_session.execute(
            text(
                "EXPLAIN SELECT occupation_id FROM occupation WHERE counts AND area && ST_MakeEnvelope(470000, 5500000, 470010, 5500010, 25832)"
                " AND period && '[2026-06-01,2026-06-02)'::tstzrange"
            )
        )
    )
    assert "occupation_area_gist" in plan
    assert "Index Cond: ((area &&" in plan
