"""Whoever closes a street sees on the map how traffic could be led around it."""

from __future__ import annotations

import psycopg
import pytest

from geo_service.db.database import Database
from tests.browser.conftest import CENTRE, Watched
from tests.browser.test_pages import draw_around

pytestmark = pytest.mark.browser

# A street and a way around it, in a corner where the other tests draw nothing.
CORNER = (900.0, 900.0)
ROADS = {
    "closed": "-100 0, 100 0",
    "around": "-100 0, -100 -120, 100 -120, 100 0",
}
# The map draws on a canvas, so its lines are asked for their style.
DASHED = """() => {
  const found = [];
  GeoService.map.eachLayer((one) => { if (one.options.className === "detour-offer") found.push(one.options.dashArray); });
  return found;
}"""


@pytest.fixture
def streets(browser_database: Database) -> None:
    x, y = CENTRE[0] + CORNER[0], CENTRE[1] + CORNER[1]
    with psycopg.connect(browser_database.owner_conninfo()) as connection:
        connection.execute("SELECT set_config('app.actor', 'operator', true)")
        for name, points in ROADS.items():
            connection.execute(
                "INSERT INTO road_segment (segment_id, town, street_name, road_class, axis, in_service, carriageway_width_m,"
                " modes, width_source, source, source_id, start_node, end_node)"
                " SELECT %(name)s, '06431002', %(name)s, 'gemeindestrasse',"
                " ST_Translate(ST_GeomFromText('LINESTRING(' || %(points)s || ')', 25832), %(x)s, %(y)s), true, 6,"
                " '{car,foot}', 'tagged', 'test', %(name)s, 9000001, 9000002",
                {"name": name, "points": points, "x": x, "y": y},
            )


@pytest.mark.usefixtures("streets")
def test_the_offered_detour_is_dashed_and_goes_when_nothing_is_closed(watched: Watched) -> None:
    page = watched.open("/towns/bensheim/apply")
    page.wait_for_selector("[data-ready]")
    page.evaluate("document.getElementById('restriction').closest('details').open = true")
    page.select_option("#restriction", "full_closure")
    draw_around(page, CORNER, 5)
    page.locator("#detour-offer").wait_for()
    assert "440 m" in page.inner_text("#detour-offer")
    assert page.evaluate(DASHED) == ["10 8"]
    page.select_option("#restriction", "narrowing")
    page.locator("#detour-offer").wait_for(state="detached")
    assert page.evaluate(DASHED) == []
