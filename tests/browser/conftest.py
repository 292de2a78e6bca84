"""A real server over real PostGIS and one headless Chromium for all browser tests."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from geo_service.app import build_app
from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.settings import Settings
from tests.messages.conftest import open_post

__all__ = ["open_post"]

CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOSTILE = """"><script>alert(1)</script><img src=x onerror=alert(2)> ${alert(3)} 'O"Brien'"""
# Bensheim, metres in EPSG:25832: a site, a street, and room to draw.
CENTRE = (475_400.0, 5_503_600.0)


def hostile_rows(database: Database) -> None:
    """A street, a site, an event and the town's own text, all of them markup."""
    x, y = CENTRE
    with psycopg.connect(database.owner_conninfo()) as connection:
        connection.execute("SELECT set_config('app.actor', 'operator', true)")
        connection.execute(
            "INSERT INTO road_segment (segment_id, town, street_name, road_class, highway, axis, in_service,"
            " carriageway_width_m, footway_width_left_m, footway_width_right_m, modes, width_source, source, source_id)"
            " SELECT 't:' || n, '06431002', CASE n WHEN 0 THEN %s ELSE 'Teststraße' END, 'gemeindestrasse',"
            " 'residential', ST_SetSRID(ST_MakeLine(ST_Point(%s - 150, %s + 40 + n * 300), ST_Point(%s + 150, %s + 40 + n * 300)), 25832),"
            " true, 6, 2, 2, '{car,foot}', 'assumed', 'osm', n::text FROM generate_series(0, 1) AS n",
            [HOSTILE, x, y, x, y],
        )
        connection.execute(
            "INSERT INTO construction_site (site_id, town, title, client, area, period, state, restriction, source, source_id)"
            " VALUES (gen_random_uuid(), '06431002', %s, %s, ST_Buffer(ST_SetSRID(ST_Point(%s - 60, %s - 50), 25832), 12),"
            " tstzrange(now() - interval '1 day', now() + interval '90 days'), 'confirmed', 'narrowing', 'test', '1')",
            [HOSTILE, HOSTILE, x, y],
        )
        connection.execute(
            "UPDATE town SET settings = jsonb_set(jsonb_set(settings, '{texts,de,greeting}', to_jsonb(%s::text)),"
            " '{texts,de,contact}', to_jsonb(%s::text)) WHERE ags = '06431002'",
            [HOSTILE, HOSTILE],
        )


@pytest.fixture(scope="session")
def browser_database(cluster: LocalCluster, town_template: str) -> Iterator[Database]:
    """The towns and a few hostile rows."""
    cluster.create_database("browser", template=town_template)
    database = cluster.database("browser")
    hostile_rows(database)
    yield database
    cluster.drop_database("browser")


@pytest.fixture(scope="session")
def server(browser_database: Database) -> Iterator[str]:
    """Address of the running service."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    app = build_app(Settings(demo=True, host="127.0.0.1", port=port, _env_file=None), browser_database)
    running = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    for _ in range(300):
        if running.started:
            break
        time.sleep(0.05)
    assert running.started
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the session, an empty profile per test."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_ARGUMENTS)
        yield started
        started.close()


@dataclass
class Watched:
    """A page and everything that must not happen on it."""

    page: Page
    server: str
    expected: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a path of the service."""
        self.page.goto(self.server + path)
        return self.page

    def watch(self) -> None:
        """Note foreign requests, console errors (a policy violation is one), script errors, dialogs, failed loads."""
        self.page.on("request", self._request)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        self.page.on("dialog", self._dialog)
        self.page.on("response", self._response)

    def _request(self, request) -> None:
        if not request.url.startswith((self.server + "/", "data:", "blob:", "file://")):
            self.faults.append(f"foreign request: {request.url}")

    def _console(self, message) -> None:
        if message.type == "error" and not (self.expected and "Failed to load resource" in message.text):
            self.faults.append(f"console: {message.text}")

    def _dialog(self, dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _response(self, response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.faults.append(f"{response.status} {response.url}")


@pytest.fixture
def watched(browser: Browser, server: str) -> Iterator[Watched]:
    """A fresh page; at the end nothing forbidden may have happened."""
    context = browser.new_context(locale="de-DE", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(15_000)
    found = Watched(context.new_page(), server)
    found.watch()
    yield found
    context.close()
    assert found.faults == []
