"""The desk's map, lists and forms in real Chromium: drawn with the mouse and without one, said in German."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page

from geo_service.interval import TOWN_ZONE
from tests.browser.conftest import HOSTILE, Watched
from tests.browser.test_pages import draw_around, lonlat_of

pytestmark = pytest.mark.browser
KINDS = (
    "construction-sites", "events", "detours", "blackouts", "no-dig-periods", "reinstatements", "fire-areas",
)  # fmt: skip
DESK = "/towns/bensheim/desk"
EAST, NORTH = 1500.0, 900.0  # metres from where the other pages draw: the database is shared


SECOND = f"Zweite {HOSTILE}"


def in_days(days: int) -> str:
    return (datetime.now(TOWN_ZONE).date() + timedelta(days=days)).isoformat()


def sign_in(watched: Watched) -> Page:
    page = watched.open(DESK)
    if page.locator("#demo-clerk").count():
        page.click("#demo-clerk")
        page.wait_for_load_state("networkidle")
    return page


def open_form(watched: Watched, path: str) -> Page:
    page = watched.open(f"{DESK}/{path}/new")
    page.wait_for_selector("[data-ready]")
    return page


def saved(page: Page) -> None:
    with page.expect_navigation(url="**saved=yes*"):
        page.click("#save")
    page.wait_for_selector("[data-ready]")
    assert "Gespeichert und geprüft" in page.inner_text("#saved")


def test_a_site_is_drawn_found_in_conflict_moved_confirmed_and_cancelled(watched: Watched) -> None:
    watched.expected = {409}
    sign_in(watched)
    for title, state in (("Erste", "confirmed"), (SECOND, "planned")):
        page = open_form(watched, "construction-sites")
        draw_around(page, (EAST - 130, NORTH + 90), 4)
        page.fill("#title", title)
        page.select_option("#state", state)
        page.select_option("#kind", "leitungsbau")
        saved(page)
    assert SECOND in page.inner_text("h1")
    assert page.get_attribute("#result [data-verdict]", "data-verdict") == "blocked"
    finding = page.locator("#result .finding[data-rule=area_overlap]")
    assert "Erste" in finding.inner_text() and "HStrG" in finding.inner_text()

    page.select_option("#state", "confirmed")
    page.click("#save")
    page.locator("#message .finding").first.wait_for()
    assert "Erste" in page.inner_text("#message")
    assert page.get_attribute("#state-now", "data-state") == "planned"

    for _ in range(40):  # 20 m to the south
        page.click("[data-move='0,-1']")
    saved(page)
    assert page.get_attribute("#state-now", "data-state") == "confirmed"
    assert page.locator("#result .finding[data-rule=area_overlap]").count() == 0
    assert "geändert" in page.inner_text("#history")

    page.click("#cancel-box summary")
    with page.expect_navigation(url="**saved=yes*"):
        page.click("#cancel")
    page.locator("#state-now[data-state=cancelled]").wait_for()
    assert page.locator("#object-form").count() == 0
    page = watched.open(f"{DESK}/construction-sites")
    assert "Erste" in page.inner_text("#objects") and SECOND not in page.inner_text("#objects")
    assert SECOND in watched.open(f"{DESK}/construction-sites?view=all").inner_text("#objects")


def test_a_blackout_is_drawn_without_a_mouse_and_shown_on_the_desks_map(watched: Watched) -> None:
    sign_in(watched)
    page = open_form(watched, "blackouts")
    page.evaluate(
        "([lat, lon]) => GeoService.map.setView([lat, lon], 19, {animate: false})",
        [*lonlat_of(EAST - 130, NORTH + 90)],
    )

    def press(selector: str, key: str = "Enter") -> None:
        page.focus(selector)
        page.keyboard.press(key)

    page.focus("#title")
    page.keyboard.type("Weihnachtsmarkt")
    page.fill("#from", in_days(10))
    page.fill("#until", in_days(40))
    page.click("summary:has-text('bestimmten Zeiten')")
    page.fill("#recurrence-from_time", "10:00")
    page.fill("#recurrence-until_time", "21:00")
    press("#draw-rectangle")
    page.fill("#length_m", "30")
    page.fill("#depth_m", "20")
    press("#place-rectangle")
    press("[data-move='1,0']")
    press("#save")
    page.wait_for_url("**saved=yes*")
    page.wait_for_selector("[data-ready]")
    assert page.inner_text("#state-now") == "in Kraft"
    assert page.locator("#refuses input:checked").evaluate_all("all => all.map(one => one.value)") == ["all"]
    assert page.input_value("#recurrence-from_time") == "10:00"

    page = watched.open(f"{DESK}/map")
    page.wait_for_selector("[data-ready]")
    page.evaluate(
        "([lat, lon]) => GeoService.map.setView([lat, lon], 18, {animate: false})",
        [*lonlat_of(EAST - 130, NORTH + 90)],
    )
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    box = page.locator(".town-map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2 + 20, box["y"] + box["height"] / 2 + 12)
    popup = page.locator(".town-popup .popup")
    popup.wait_for()
    assert "Weihnachtsmarkt" in popup.inner_text()
    popup.get_by_role("link", name="Öffnen").click()
    page.wait_for_url("**/desk/blackouts/*")


def test_a_detour_is_set_point_by_point_and_belongs_to_its_site(watched: Watched) -> None:
    sign_in(watched)
    page = open_form(watched, "construction-sites")
    draw_around(page, (EAST - 40, NORTH - 140), 4)
    page.fill("#title", "Vollsperrung")
    saved(page)
    page.get_by_role("link", name="Umleitung eintragen").click()
    page.wait_for_selector("[data-ready]")
    page.fill("#title", "U 7")
    for east in (-100, 0, 100):
        page.evaluate(
            "([lat, lon]) => GeoService.map.setView([lat, lon], 17, {animate: false})",
            [*lonlat_of(EAST + east, NORTH - 100)],
        )
        page.focus("#add-point")
        page.keyboard.press("Enter")
    saved(page)
    assert page.evaluate("GeoService.objectDrawing.geometry().coordinates.length") == 3
    assert len(page.input_value("#belongs_to")) == 36
    page.click("#draw-clear")
    page.click("#draw-polygon")
    box = page.locator(".town-map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for right in (-60, 60, 60):  # the last one twice ends the line
        page.mouse.move(x + right, y)
        page.wait_for_timeout(60)
        page.mouse.click(x + right, y)
        page.wait_for_timeout(60)
    saved(page)
    assert page.evaluate("GeoService.objectDrawing.geometry().coordinates.length") == 2


def test_a_period_that_was_stated_to_the_minute_stays_so(watched: Watched) -> None:
    page = sign_in(watched)
    lat, lon = lonlat_of(EAST + 120, NORTH + 120)
    csrf = watched.open(f"{DESK}/events/new").get_attribute("#object-form", "data-csrf")
    day = in_days(30)
    answer = page.request.post(
        f"{watched.server}/api/v1/events",
        headers={"X-CSRF-Token": csrf or ""},
        data={
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
            "properties": {
                "title": "Lauf",
                "start": f"{day}T08:30:00Z",
                "end": f"{day}T11:00:00Z",
                "length_m": 9,
                "depth_m": 9,
            },
        },
    )
    assert answer.status == 201, answer.text()
    page = watched.open(f"{DESK}/events/{answer.json()['id']}")
    page.wait_for_selector("[data-ready]")
    page.fill("#organiser", "Turnverein")
    saved(page)
    stored = page.request.get(f"{watched.server}/api/v1/events/{answer.json()['id']}").json()["properties"]
    assert (stored["period_start"], stored["period_end"]) == (f"{day}T08:30:00Z", f"{day}T11:00:00Z")
    assert stored["organiser"] == "Turnverein"
    assert stored["history"][-1]["fields"] == ["organiser"]


def test_every_list_and_form_opens_in_both_languages(watched: Watched) -> None:
    sign_in(watched)
    for path in KINDS:
        for language, words in (("de", "Neu eintragen"), ("en", "Enter a new one")):
            page = watched.open(f"{DESK}/{path}?lang={language}")
            assert page.get_by_role("link", name=words).is_visible()
            assert page.locator(".desk-nav a[aria-current=page]").count() == 1
            assert page.evaluate("document.documentElement.scrollWidth") <= 1280
            page.click("#new")
            page.wait_for_selector("[data-ready]")
            page.click("#save")
            assert page.locator("#message .message-block").is_visible()
    watched.page.set_viewport_size({"width": 390, "height": 844})
    for path in KINDS:
        assert watched.open(f"{DESK}/{path}/new").evaluate("document.documentElement.scrollWidth") <= 390, (
            path
        )


def test_the_desks_pages_are_closed_without_sign_in(watched: Watched) -> None:
    watched.expected = {401}
    for path in ("map", "map/requests?bbox=8,49,9,50", *KINDS, *(f"{kind}/new" for kind in KINDS)):
        answer = watched.page.request.get(f"{watched.server}{DESK}/{path}")
        assert answer.status == 401, path


def test_that_nothing_of_the_street_is_taken_can_be_said_and_stays_said(watched: Watched) -> None:
    sign_in(watched)
    page = open_form(watched, "construction-sites")
    draw_around(page, (EAST - 130, NORTH - 160), 4)
    page.fill("#title", "Nur über der Straße")
    nothing = page.locator("#takes input[value='']")
    page.locator("details", has=nothing).locator("summary").click()
    nothing.check()
    saved(page)
    for title in ("Nur über der Straße, geändert", "Noch einmal geändert"):
        assert page.locator("#takes input:checked").evaluate_all("all => all.map((one) => one.value)") == [""]
        page.fill("#title", title)
        saved(page)
    nothing.uncheck()
    saved(page)
    assert page.locator("#takes input:checked").count() == 0
