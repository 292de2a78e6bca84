"""The mail to the neighbour at the page of the site that it is about, in real Chromium: read, failed, sent again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from geo_service.db.database import Database
from geo_service.messages.send import send_message
from tests.browser.conftest import Watched
from tests.browser.test_desk_objects import DESK, sign_in
from tests.messages.border_objects import drawn, told
from tests.messages.conftest import Post
from tests.messages.test_border import OFFICE, give_office
from tests.objects.conftest import address
from tests.permits.at_border import Border
from tests.permits.conftest import BENSHEIM, HEPPENHEIM, Desk

pytestmark = pytest.mark.browser
PATH = "construction-sites"


def test_a_mail_that_failed_is_read_and_sent_again_at_its_site(
    watched: Watched, server: str, browser_database: Database, open_post: Callable[..., Post]
) -> None:
    centres = {BENSHEIM: (475_400.0, 5_503_600.0), HEPPENHEIM: (475_400.0, 5_503_600.0)}
    with httpx.Client(base_url=server) as client:
        desk = Desk(client=client, app=FastAPI(), database=browser_database, centres=centres)  # type: ignore[arg-type]
        give_office(desk, HEPPENHEIM, OFFICE)
        border = Border(desk)
        border.file(HEPPENHEIM)
        body = drawn(border, PATH, state="planned", title="Kanal an der Grenze")
        site = client.post(address(PATH), json=body, headers=desk.key()).json()
        (message,) = told(desk, PATH, site)
        engine = browser_database.app_engine()
        post = open_post(rcpt=["550 <strassenraum@heppenheim.example> unknown"])
        now = lambda: datetime.now(UTC)  # noqa: E731
        assert send_message(engine, UUID(message["id"]), BENSHEIM, post.server, now=now) == "failed"
        engine.dispose()
        sign_in(watched)
        page = watched.open(f"{DESK}/messages?view=trouble")
        page.locator("#messages a", has_text="Baustelle").first.click()
        page.wait_for_selector("[data-ready]")
        card = page.locator("#messages")
        card.locator("summary").click()
        shown = card.inner_text()
        for words in (
            "Hinweis an die Nachbarkommune",
            "nicht zugestellt",
            OFFICE,
            "eine Baustelle in Bensheim",
            "K01",
        ):
            assert words in shown, words
        card.locator("button").click()
        page.wait_for_selector("#messages [data-state=waiting]", state="attached")
        assert told(desk, PATH, site)[0]["state"] == "waiting"
        tag = {"If-Match": f'"{site["properties"]["version"]}"', **desk.key()}
        assert client.delete(address(PATH, site["id"]), headers=tag).status_code == 200
