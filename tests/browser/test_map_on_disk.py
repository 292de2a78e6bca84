"""A map on disk opens without a network and runs none of the hostile names in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy.orm import Session

from geo_service.commands.map import standalone_map
from geo_service.db.database import Database
from tests.browser.conftest import HOSTILE


@pytest.mark.browser
def test_a_map_on_disk_opens_offline(browser_database: Database, browser: Browser, tmp_path: Path) -> None:
    engine = browser_database.app_engine(1)
    with Session(engine) as session:
        html = standalone_map(session, "public", "bensheim", "de")
    engine.dispose()
    assert len(html.encode()) < 5_000_000
    file = tmp_path / "karte.html"
    file.write_text(html, encoding="utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    faults: list[str] = []
    page.on(
        "request",
        lambda request: None if request.url.startswith(("file:", "data:")) else faults.append(request.url),
    )
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
    page.goto(f"file://{file}")
    page.wait_for_selector("[data-ready]")
    assert "Bensheim" in page.inner_text("h1")
    names = page.evaluate(
        "() => new Promise(done => setTimeout(() => done(GeoService.streets.visibleStreets().map(s => s.name)), 500))"
    )
    assert HOSTILE in names
    assert page.locator("img[src='x']").count() == 0
    assert faults == []
    context.close()
