"""A clerk works with the keyboard alone: sign-in, queue, case, finding, decision, counter, a whole street."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page
from shapely.geometry import box, mapping

from geo_service.crs import to_lonlat
from geo_service.interval import TOWN_ZONE
from tests.browser.conftest import CENTRE, Watched

pytestmark = pytest.mark.browser
DESK = "/towns/bensheim/desk"
# What has the focus: does it match, and can it be seen? A map's own outline counts like a button's.
FOCUS = """wanted => {
  const one = document.activeElement, style = getComputedStyle(one);
  return {there: one.matches(wanted), name: one.tagName + '#' + one.id + '.' + one.className,
          seen: one === document.body || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0)};
}"""


def tab_to(page: Page, wanted: str, at_most: int = 120) -> None:
    """Tab on until something has the focus; every stop on the way must show it."""
    for _ in range(at_most):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS, wanted)
        assert found["seen"], f"the focus cannot be seen on {found['name']}"
        if found["there"]:
            return
    raise AssertionError(f"{wanted} is not reached with the tab key")


def sign_in(watched: Watched, role: str = "clerk") -> Page:
    page = watched.open(DESK)
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS, "a.skip")["there"]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    tab_to(page, f"button[name=demo][value={role}]")
    page.keyboard.press("Enter")
    page.locator("#views").wait_for()
    return page


def file(server: str, x: float, y: float, **more: Any) -> str:
    """A request, metres from the test's centre, as a citizen files it; its reference."""
    start = datetime.now(TOWN_ZONE).date() + timedelta(days=60)
    east, north = CENTRE[0] + x, CENTRE[1] + y
    properties = {
        "use_type": "container", "from": start.isoformat(), "until": (start + timedelta(days=5)).isoformat(),
        "applicant": {"name": "Tasta Tur", "address": "Am Wall 1"}, "takes": [], "purpose": "Tastatur", **more,
    }  # fmt: skip
    geometry = dict(mapping(to_lonlat(box(east, north, east + 4, north + 2))))
    body = {"type": "Feature", "geometry": geometry, "properties": properties}
    answer = httpx.post(f"{server}/api/v1/permits", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def test_from_the_queue_to_a_decision(watched: Watched, server: str) -> None:
    file(server, -300, -300)
    rival = file(server, -298, -300)  # over the first: a finding to be settled
    page = sign_in(watched)
    tab_to(page, f"a[href$='{rival}']")
    page.keyboard.press("Enter")
    page.locator("#status[data-status=submitted]").wait_for()
    tab_to(page, "button[name=to][value=in_review]")  # past the map: it holds nobody
    page.keyboard.press("Enter")
    page.locator("#status[data-status=in_review]").wait_for()
    tab_to(page, ".finding details > summary, .findings details > summary")
    page.keyboard.press("Enter")
    tab_to(page, "button[name=status][value=accepted]")
    page.keyboard.press("Enter")
    page.locator(".finding .tag-good").first.wait_for()
    tab_to(page, "button[name=to][value=granted]")
    page.keyboard.press("Enter")
    page.locator("#status[data-status=granted]").wait_for()


def test_a_paper_application_is_typed_in(watched: Watched) -> None:
    page = sign_in(watched)
    tab_to(page, "#to-counter")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-ready]")
    assert page.evaluate(FOCUS, "#name")["there"]  # where the paper begins
    page.keyboard.type("Hilde Post")
    page.keyboard.press("Enter")  # files nothing
    assert page.locator("#receipt").is_hidden()
    page.keyboard.press("Tab")
    page.keyboard.type("Am Wall 3, 64625 Bensheim")
    tab_to(page, "#street")
    page.keyboard.type("teststr.")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "stretch"  # what comes next is next
    page.locator("#stretch option[value*=':']").wait_for(state="attached")
    assert page.inner_text("#street-told") == "Teststraße: 1 Abschnitte"
    page.locator("#result .result").wait_for()
    tab_to(page, "#strip")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#said_depth_m")
    page.keyboard.type("1")
    page.keyboard.press("Tab")
    page.locator("#result p", has_text=re.compile(r"Fläche: 10(,0)? m²")).wait_for()
    assert page.locator("#result .fee-total").is_visible()
    tab_to(page, "#file-button")
    page.keyboard.press("Enter")
    page.locator("#reference").wait_for()
    assert page.evaluate("document.activeElement.id") == "receipt"
    reference = page.inner_text("#reference")
    tab_to(page, "#print-receipt")
    printed = page.request.get(watched.server + (page.get_attribute("#print-receipt", "href") or ""))
    assert (printed.status, printed.body()[:4]) == (200, b"%PDF")
    tab_to(page, "#follow-link")
    follow = page.get_attribute("#follow-link", "href") or ""
    tab_to(page, "#to-case")
    page.keyboard.press("Enter")
    page.locator("#status[data-status=submitted]").wait_for()
    assert reference in page.inner_text("h1")
    assert re.search(rf"/permits/{reference}\?token=.+", follow)
    page = watched.open(f"{DESK}?q=hilde")
    assert "am Schalter" in page.inner_text("#queue")


def test_several_things_of_a_street_are_taken_up_together(watched: Watched, server: str) -> None:
    cases = [file(server, x, 342) for x in (-120, -100)]  # on Teststraße
    page = sign_in(watched)
    page = watched.open(f"{DESK}/street?street=Teststra%C3%9Fe")
    for reference in cases:
        tab_to(page, f"input[name=line][value^='permits|{reference}|']")
        page.keyboard.press("Space")
    tab_to(page, "#deed")
    page.keyboard.press("ArrowDown")
    assert page.input_value("#deed") == "permits:in_review"
    tab_to(page, "#do-together")
    page.keyboard.press("Enter")
    page.locator("#outcomes").wait_for()
    assert page.inner_text("#outcomes-heading") == "2 von 2 erledigt"


def test_every_field_of_the_desk_has_a_name_and_no_id_is_used_twice(watched: Watched, server: str) -> None:
    reference = file(server, -250, -250)
    page = sign_in(watched)
    for path in (
        "",
        "/counter",
        "/street?street=Teststra%C3%9Fe",
        f"/cases/{reference}",
        "/timeline",
        "/conflicts",
    ):
        page = watched.open(DESK + path)
        nameless = page.evaluate(
            "() => [...document.querySelectorAll('main input:not([type=hidden]), main select, main textarea, main button, main a[href]')]"
            ".filter(one => !one.labels?.length && !one.getAttribute('aria-label') && !one.textContent.trim() && !one.title)"
            ".map(one => one.outerHTML)"
        )
        assert nameless == [], path
        ids = page.evaluate("() => [...document.querySelectorAll('[id]')].map(one => one.id)")
        assert len(ids) == len(set(ids)), (path, sorted(one for one in set(ids) if ids.count(one) > 1))
