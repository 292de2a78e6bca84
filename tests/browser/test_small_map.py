"""The map of a whole town asks for shapes made for it, and for every point once somebody looks closer."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.conftest import Watched
from tests.browser.test_pages import lonlat_of

pytestmark = pytest.mark.browser

LAYERS = {"towns", "detours", "permits", "events", "construction_sites"}
LOOK = """([lat, lon, zoom]) => new Promise(done => {
  GeoService.map.setView([lat, lon], zoom, {animate: false});
  setTimeout(() => GeoService.reload().then(() => done(GeoService.map.getZoom())), 400);
})"""


def test_a_map_of_the_whole_town_is_drawn_from_simple_shapes(watched: Watched) -> None:
    page = watched.open("/towns/bensheim/")
    page.wait_for_selector("[data-ready]")
    asked: list[tuple[str, str | None]] = []

    def note(address: str) -> None:
        parts = urlsplit(address)
        if parts.path.startswith("/ogc/collections/") and parts.path.endswith("/items"):
            asked.append((parts.path.split("/")[3], parse_qs(parts.query).get("zoom-level", [None])[0]))

    page.on("request", lambda request: note(request.url))
    lat, lon = lonlat_of(0, 0)
    for zoom, told in ((12, "13"), (16, None)):
        asked.clear()
        assert page.evaluate(LOOK, [lat, lon, zoom]) == zoom
        assert {name for name, _ in asked} == LAYERS
        assert {wish for _, wish in asked} == {told}


def test_zooming_in_asks_again_although_the_box_is_known(watched: Watched) -> None:
    page = watched.open("/towns/bensheim/")
    page.wait_for_selector("[data-ready]")
    lat, lon = lonlat_of(0, 0)
    page.evaluate(LOOK, [lat, lon, 12])
    with page.expect_response(lambda answer: "/ogc/collections/towns/items" in answer.url) as closer:
        page.evaluate(
            "([lat, lon]) => { GeoService.map.setView([lat, lon], 15, {animate: false}); }", [lat, lon]
        )
    assert "zoom-level" not in closer.value.url
    assert closer.value.status == 200
