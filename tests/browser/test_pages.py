"""Every page in real Chromium: no foreign host, no policy violation, hostile text stays text."""

from __future__ import annotations

from datetime import datetime

import httpx
import psycopg
import pytest
from playwright.sync_api import Page
from shapely import Point

from geo_service.crs import to_lonlat
from geo_service.db.database import Database
from geo_service.interval import TOWN_ZONE
from tests.browser.conftest import CENTRE, HOSTILE, Watched

pytestmark = pytest.mark.browser


def test_no_markup_of_users_becomes_markup_on_any_page(watched: Watched) -> None:
    for path in (
        "/",
        "/towns/bensheim/",
        "/towns/bensheim/apply",
        "/towns/bensheim/desk",
        "/rules",
        "/rules?town=bensheim",
    ):
        page = watched.open(path)
        page.wait_for_load_state("networkidle")
        assert page.locator("h1").first.is_visible(), path
        assert page.locator("img[src='x']").count() == 0, path
    assert HOSTILE in watched.open("/").locator("#open-towns").inner_text()


def test_popups_and_list_show_hostile_titles_as_text(watched: Watched) -> None:
    page = watched.open("/towns/bensheim/")
    page.wait_for_selector("[data-ready]")
    page.get_by_role("button", name="onerror").first.click()
    page.wait_for_timeout(600)
    box = page.locator(".town-map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    popup = page.locator(".town-popup .popup")
    popup.wait_for()
    assert HOSTILE in popup.locator("h3").inner_text()
    assert popup.locator("img, script").count() == 0
    streets = page.locator("#streets option").evaluate_all("options => options.map(one => one.value)")
    assert HOSTILE in streets


def test_pages_speak_english_when_asked_and_say_what_is_demo(watched: Watched) -> None:
    page = watched.open("/towns/bensheim/?lang=en")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("link", name="Apply").first.is_visible()
    assert "Demo data" in page.locator(".demo-banner").inner_text()
    page.get_by_role("link", name="Deutsch").click()
    assert "Vorführdaten" in page.locator(".demo-banner").inner_text()


def test_a_browser_gets_a_page_and_a_program_gets_a_problem(watched: Watched, server: str) -> None:
    watched.expected = {404}
    page = watched.open("/towns/nirgendwo/")
    assert "Das gibt es hier nicht" in page.locator("h1").inner_text()
    answer = httpx.get(f"{server}/towns/nirgendwo/", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_policy_is_the_promised_one_and_its_nonce_new_each_time(server: str) -> None:
    policies = [httpx.get(f"{server}/").headers["content-security-policy"] for _ in range(2)]
    assert policies[0] != policies[1]
    nonce = policies[0].split("'nonce-")[1].split("'")[0]
    assert policies[0] == (
        f"default-src 'self'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
        "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    )


def test_phone_width_needs_no_sideways_scrolling(watched: Watched) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/", "/towns/bensheim/", "/towns/bensheim/apply", "/towns/bensheim/desk", "/rules"):
        page = watched.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def lonlat_of(east_m: float, north_m: float) -> tuple[float, float]:
    """Latitude and longitude of a place by its offset from the test's centre."""
    place = to_lonlat(Point(CENTRE[0] + east_m, CENTRE[1] + north_m))
    return place.y, place.x


def draw_around(page: Page, offset_m: tuple[float, float], half_m: float) -> None:
    """Draw a square with the mouse; offset from the test's centre in metres."""
    page.evaluate(
        "([lat, lon]) => GeoService.map.setView([lat, lon], 19, {animate: false})", [*lonlat_of(*offset_m)]
    )
    page.wait_for_timeout(300)
    page.click("#draw-polygon")
    box = page.locator(".town-map").bounding_box()
    assert box is not None
    pixels = half_m / page.evaluate(
        "40075016.686 * Math.cos(GeoService.map.getCenter().lat * Math.PI / 180) / 2 ** 27"
    )
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for right, down in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)):
        page.mouse.move(x + right * pixels, y + down * pixels)
        page.wait_for_timeout(40)
        page.mouse.click(x + right * pixels, y + down * pixels)
        page.wait_for_timeout(40)


def file_request(page: Page) -> str:
    """Fill in who and what for, file, and return the reference."""
    page.fill("#purpose", HOSTILE)
    page.fill("#name", HOSTILE)
    page.fill("#email", "probe@example.org")
    page.click("#file-button")
    page.locator("#reference").wait_for()
    return page.inner_text("#reference")


def grant_at_desk(page: Page, server: str, reference: str) -> None:
    """Sign in to the demo's desk, take the case, enter the traffic order and grant."""
    page.goto(f"{server}/towns/bensheim/desk")
    page.click("#demo-clerk")
    page.get_by_role("link", name=reference).click()
    assert HOSTILE in page.inner_text("#applicant")
    assert page.inner_text("#purpose") == HOSTILE
    page.click("button[value=in_review]")
    page.locator("#status[data-status=in_review]").wait_for()
    page.fill("#order_number", "VRA-1")
    page.locator("#facts-form button").click()
    page.locator("#status[data-status=in_review]").wait_for()
    page.click("button[value=granted]")
    page.locator("#status[data-status=granted]").wait_for()


def test_from_a_drawing_to_a_granted_permit_on_the_public_map(watched: Watched, server: str) -> None:
    page = watched.open("/towns/bensheim/apply")
    page.wait_for_selector("[data-ready]")
    draw_around(page, (60, -40), 4)
    page.locator("[data-verdict]").wait_for()
    assert page.locator("[data-verdict]").get_attribute("data-verdict") != "blocked"
    assert "nicht amtlich" in page.inner_text("#result")
    reference = file_request(page)
    assert reference.startswith("BEN-")

    page.click("#follow-link")
    page.wait_for_url(f"**/permits/{reference}")  # the token has left the address
    assert "eingereicht" in page.inner_text("h1")
    assert page.inner_text("#purpose") == HOSTILE
    case = page.url

    grant_at_desk(page, server, reference)
    page.goto(case)
    assert "erlaubt" in page.inner_text("h1")
    page.goto(f"{server}/towns/bensheim/")
    assert reference in page.inner_text("#in-street")
    assert HOSTILE not in page.locator("#in-street li", has_text=reference).inner_text()

    page.goto(f"{server}/towns/bensheim/apply")
    page.wait_for_selector("[data-ready]")
    draw_around(page, (62, -40), 3)
    page.locator("[data-verdict=blocked]").wait_for()
    finding = page.locator(".finding[data-rule=area_overlap]")
    assert "Gerüst" in finding.inner_text()
    assert "HStrG § 16" in finding.inner_text()
    for _ in range(60):  # 30 m to the south: out of reach of the first one
        page.click("[data-move='0,-1']")
    page.locator("[data-verdict=clear]").wait_for()
    assert page.locator(".finding[data-rule=area_overlap]").count() == 0


def test_the_desk_is_closed_without_sign_in_and_the_case_without_its_token(watched: Watched) -> None:
    watched.expected = {401, 404}
    page = watched.open("/towns/bensheim/desk")
    assert page.locator("#queue").count() == 0
    assert page.locator("#key").is_visible()
    watched.open("/towns/bensheim/desk/cases/BEN-2026-000001")
    assert page.locator("#applicant").count() == 0
    watched.open("/permits/BEN-2026-000001?token=falsch")
    assert "Das gibt es hier nicht" in page.inner_text("h1")


def test_the_collections_wear_the_same_frame_as_the_other_pages(watched: Watched, server: str) -> None:
    for path in ("/ogc", "/ogc/collections", "/ogc/api", "/ogc/collections/construction_sites/items"):
        page = watched.open(f"{path}?f=html&lang=en")
        page.wait_for_load_state("networkidle")
        assert (
            page.locator(".site-header .brand").evaluate("one => getComputedStyle(one).color")
            == "rgb(255, 255, 255)"
        )
        assert page.locator(".site-footer").is_visible()
        assert "built-in" not in page.content()
    page.get_by_role("link", name="Deutsch").click()
    assert page.locator("h1").inner_text() == "Baustellen"
    icon = httpx.get(f"{server}/favicon.ico")
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")


def test_only_towns_that_show_demo_data_say_so_and_credits_are_those_of_what_is_shown(
    watched: Watched, browser_database: Database
) -> None:
    def attribution(path: str) -> str:
        page = watched.open(path)
        page.wait_for_selector("[data-ready]")
        return page.inner_text(".leaflet-control-attribution")

    shown = attribution("/towns/bensheim/")
    assert "© OpenStreetMap-Mitwirkende" in shown  # the street of these tests is not marked demo
    assert "GeoBasis-DE / BKG" in shown
    set_town = "UPDATE town SET demo = %s, attribution = %s WHERE ags = '06431020'"
    with psycopg.connect(browser_database.owner_conninfo()) as owner:
        owner.execute("SELECT set_config('app.actor', 'operator', true)")
        kept = owner.execute("SELECT demo, attribution FROM town WHERE ags = '06431020'").fetchone()
        owner.execute(set_town, [False, HOSTILE])
    assert HOSTILE in attribution("/towns/viernheim/")
    assert watched.page.locator(".demo-banner").count() == 0
    assert watched.open("/").locator(".demo-banner").is_visible()
    with psycopg.connect(browser_database.owner_conninfo()) as owner:
        owner.execute("SELECT set_config('app.actor', 'operator', true)")
        owner.execute(set_town, kept)


def test_a_small_site_is_seen_from_afar_and_says_what_it_is(watched: Watched) -> None:
    # Of today only: what other tests have had granted, for later, would lie above it.
    page = watched.open(f"/towns/bensheim/?day={datetime.now(TOWN_ZONE):%Y-%m-%d}")
    page.wait_for_selector("[data-ready]")
    lat, lon = lonlat_of(-60, -50)
    page.evaluate(
        "([lat, lon]) => new Promise(done => { GeoService.map.on('featuresshown', event => event.layer === 'construction_sites' && done());"
        " GeoService.map.setView([lat, lon], 12, {animate: false}); })",
        [lat, lon],
    )
    box = page.locator(".town-map").bounding_box()
    assert box is not None
    # 24 m across are less than a pixel here; five pixels beside its middle there is still something to hit,
    # as soon as the canvas is drawn.
    for _ in range(20):
        page.mouse.click(box["x"] + box["width"] / 2 + 5, box["y"] + box["height"] / 2)
        page.wait_for_timeout(150)
        if page.locator(".town-popup .popup").count():
            break
    assert HOSTILE in page.locator(".town-popup .popup h3").inner_text()


def test_a_town_that_names_its_website_may_embed_its_map_and_nobody_else(
    server: str, browser_database: Database
) -> None:
    origins = "UPDATE town SET settings = jsonb_set(settings, '{website_origins}', %s::jsonb) WHERE ags = '06431020'"

    def name(value: str) -> None:
        with psycopg.connect(browser_database.owner_conninfo()) as owner:
            owner.execute("SELECT set_config('app.actor', 'operator', true)")
            owner.execute(origins, [value])

    def ancestors(path: str) -> str:
        policy = httpx.get(f"{server}{path}").headers["content-security-policy"]
        return policy.partition("frame-ancestors ")[2]

    name('["https://www.viernheim.example", "https://x; script-src *"]')
    assert ancestors("/towns/viernheim/") == "https://www.viernheim.example"
    assert ancestors("/towns/viernheim/apply") == "'none'"
    assert ancestors("/towns/bensheim/") == "'none'"
    name("[]")
    assert ancestors("/towns/viernheim/") == "'none'"


def test_a_citizen_withdraws_and_the_case_says_so(watched: Watched) -> None:
    page = watched.open("/towns/bensheim/apply")
    page.wait_for_selector("[data-ready]")
    draw_around(page, (-120, 60), 3)
    page.locator("[data-verdict]").wait_for()
    reference = file_request(page)
    page.click("#follow-link")
    page.wait_for_url(f"**/permits/{reference}")
    page.click("#step-withdrawn")
    page.wait_for_url(f"**/permits/{reference}")
    assert "zurückgezogen" in page.inner_text("h1")
    assert page.locator("#step-withdrawn").count() == 0


def test_who_cannot_be_reached_is_told_before_anything_is_sent(watched: Watched) -> None:
    page = watched.open("/towns/bensheim/apply?lang=en")
    page.wait_for_selector("[data-ready]")
    draw_around(page, (-120, -60), 3)
    page.locator("[data-verdict]").wait_for()
    assert "example tariff" in page.inner_text("#result").lower()
    assert "×" in page.inner_text(".fee") and "Tag" not in page.inner_text(".fee")
    page.fill("#name", "Petra Probe")
    page.click("#file-button")
    assert "so that the town can answer" in page.inner_text("#file-message")
    assert page.locator("#email").get_attribute("aria-invalid") == "true"
