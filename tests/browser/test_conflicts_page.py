"""The planner's pages in real Chromium: map and table belong together, by keyboard too; hostile text stays text."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg
import pytest
from shapely.geometry import box, mapping

from geo_service.crs import to_lonlat
from geo_service.db.database import Database
from tests.browser.conftest import CENTRE, HOSTILE, Watched

pytestmark = pytest.mark.browser


@pytest.fixture
def filed(server: str, browser_database: Database) -> Any:
    """Two requests of hostile people that overlap, beside the hostile street of the test's ground."""
    references = []
    for x in (100, 104):
        place = box(CENTRE[0] + x, CENTRE[1] + 38, CENTRE[0] + x + 8, CENTRE[1] + 42)
        body = {
            "type": "Feature",
            "geometry": mapping(to_lonlat(place)),
            "properties": {
                "use_type": "geruest", "from": "2031-06-01", "until": "2031-06-14", "purpose": HOSTILE,
                "applicant": {"name": HOSTILE, "email": "probe@example.org"},
            },
        }  # fmt: skip
        answer = httpx.post(f"{server}/api/v1/permits", json=body)
        assert answer.status_code == 201, answer.text
        references.append(answer.json()["reference"])
    yield references
    with psycopg.connect(browser_database.owner_conninfo()) as owner:
        owner.execute(
            "SELECT set_config('app.actor', 'operator', true), set_config('app.town', '06431002', true)"
        )
        owner.execute("DELETE FROM occupation WHERE reference = ANY(%s)", [references])
        owner.execute("UPDATE permit SET status = 'withdrawn' WHERE reference = ANY(%s)", [references])


def test_from_the_table_to_the_map_by_keyboard(watched: Watched, filed: list[str]) -> None:
    page = watched.open("/towns/bensheim/desk")
    page.click("#demo-clerk")
    page.get_by_role("link", name="Konflikte").click()
    page.wait_for_selector("[data-conflicts]")
    row = (
        page.locator("#conflicts tbody tr")
        .filter(has_text=filed[0])
        .filter(has_text=filed[1])
        .filter(has_text="K01")
    )
    assert row.count() == 1
    row.locator("button[data-finding]").focus()
    page.keyboard.press("Enter")
    popup = page.locator(".town-popup .popup")
    popup.wait_for()
    assert "K01" in popup.inner_text()
    assert page.evaluate("GeoService.map.getZoom()") >= 18
    assert popup.locator("img, script").count() == 0

    page.select_option("#severity", "block")
    page.locator("#filter button").press("Enter")
    page.wait_for_selector("[data-conflicts]")
    assert "severity=block" in page.url
    assert page.locator("#conflicts tbody tr").filter(has_text=filed[0]).count() == 0
    assert "severity=block" in (page.get_attribute("#take-csv", "href") or "")

    page.locator("#screen-now button").press("Enter")
    page.locator("#screened").wait_for()
    assert "neu geprüft" in page.inner_text("#screened")


def test_the_timeline_shows_hostile_names_as_text(watched: Watched, filed: list[str]) -> None:
    page = watched.open("/towns/bensheim/desk")
    page.click("#demo-clerk")
    page.get_by_role("link", name="Zeitleiste").click()
    page.fill("#street", HOSTILE)
    page.fill("#from", "2031-05-01")
    page.fill("#until", "2031-07-31")
    page.press("#until", "Enter")
    page.locator("#timeline").wait_for()
    assert HOSTILE in page.inner_text("h1")
    assert page.locator("img[src='x']").count() == 0
    mine = page.locator("#timeline tbody tr").filter(has=page.get_by_role("link", name=filed[0]))
    bars = mine.locator("rect.bar")
    width = bars.bounding_box()
    assert width is not None
    assert width["width"] > 20
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/towns/bensheim/desk/conflicts", page.url.removeprefix(watched.server)):
        page = watched.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
