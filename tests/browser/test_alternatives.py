"""What is possible instead, as two buttons: they change the form and the drawing, and what comes then is free."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page
from shapely.geometry import box
from sqlalchemy import text

from geo_service.db.database import Database, operator_session
from geo_service.interval import Interval
from geo_service.occupations.use_request import UseRequest, occupation_of
from geo_service.occupations.write_occupation import save_occupation
from tests.browser.conftest import CENTRE, Watched
from tests.browser.test_pages import draw_around

pytestmark = pytest.mark.browser
# In Teststraße, 80 m east of the middle; the axis runs from west to east.
PLACE = (80, 340)


@pytest.fixture
def taken(browser_database: Database) -> Iterator[date]:
    """A granted scaffold of 10 × 10 m for the next forty days; the day after is told."""
    today = datetime.now(UTC).date()
    east, north = CENTRE[0] + PLACE[0], CENTRE[1] + PLACE[1]
    request = UseRequest(
        use_type="geruest",
        period=Interval.of_days(today, today + timedelta(days=39)),
        area=box(east - 5, north - 5, east + 5, north + 5),
    )
    source = uuid4()
    engine = browser_database.app_engine()
    with operator_session(engine) as session:
        save_occupation(
            session, occupation_of(request, filed_at=datetime.now(UTC), source_id=source, state="granted")
        )
    yield today + timedelta(days=40)
    with operator_session(engine) as session:
        session.execute(text("DELETE FROM occupation WHERE source_id = :source"), {"source": source})
    engine.dispose()


def blocked_drawing(watched: Watched, path: str) -> Page:
    page = watched.open(path)
    page.wait_for_selector("[data-ready]")
    draw_around(page, PLACE, 4)
    page.locator("[data-verdict=blocked]").wait_for()
    page.locator("#alternative-time").wait_for()
    return page


def west_of(page: Page) -> float:
    return float(page.evaluate("GeoService.applyDrawing.geometry().coordinates[0].map(p => p[0]).sort()[0]"))


def test_the_other_days_are_put_into_the_form(watched: Watched, taken: date) -> None:
    page = blocked_drawing(watched, "/towns/bensheim/apply")
    months = [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ]
    year = "" if taken.year == date.today().year else f" {taken.year}"  # noqa: DTZ011
    expected = f"Ab {taken.day}. {months[taken.month - 1]}{year} frei"
    assert page.inner_text("#alternative-time") == expected
    wished = date.fromisoformat(page.input_value("#until")) - date.fromisoformat(page.input_value("#from"))
    page.click("#alternative-time")
    page.locator("[data-verdict=clear], [data-verdict=review]").wait_for()
    assert date.fromisoformat(page.input_value("#from")) == taken
    assert date.fromisoformat(page.input_value("#until")) - taken == wished
    assert page.locator("#alternative-time").count() == 0
    assert page.evaluate("document.activeElement.id") == "result-heading"


def test_the_other_place_is_put_onto_the_map(watched: Watched, taken: date) -> None:
    page = blocked_drawing(watched, "/towns/bensheim/apply?lang=en")
    said = re.fullmatch(r"Free (\d+(?:\.5)?) m further", page.inner_text("#alternative-place"))
    assert said is not None
    assert 8 <= float(said[1]) <= 10
    before = west_of(page)
    page.click("#alternative-place")
    page.locator("[data-verdict=clear], [data-verdict=review]").wait_for()
    metres_per_degree = 72_000  # at 49.7° N
    assert (before - west_of(page)) * metres_per_degree == pytest.approx(float(said[1]), abs=0.1)
    assert page.input_value("#from") < taken.isoformat()
