"""The real application on a clone with the towns; requests are drawn in metres from a point inside a town."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from shutil import rmtree
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Response
from shapely.geometry import box, mapping
from sqlalchemy import text
from starlette.testclient import TestClient

from geo_service.app import build_app
from geo_service.crs import to_lonlat
from geo_service.db.database import Database, owner_session
from geo_service.db.local_cluster import LocalCluster
from geo_service.identity.api_keys import create_api_key
from geo_service.interval import TOWN_ZONE
from geo_service.settings import Settings
from tests.conftest import clone
from tests.quick_folder import quick_folder

BENSHEIM, VIERNHEIM, HEPPENHEIM = "06431002", "06431020", "06431011"
APPLICANT = {"name": "Erika Mustermann", "email": "erika@example.org", "phone": "06251 1"}


@dataclass
class Desk:
    """The application with keys and a pen."""

    client: TestClient
    app: FastAPI
    database: Database
    centres: dict[str, tuple[float, float]]
    keys: dict[tuple[str, str], str] = field(default_factory=dict)

    def key(self, role: str = "clerk", town: str | None = BENSHEIM) -> dict[str, str]:
        """Headers with a key."""
        if (role, town or "") not in self.keys:
            with owner_session(self.database) as owner:
                self.keys[role, town or ""] = create_api_key(
                    owner, role=role, town=town, name=f"{role} {town}"
                )
        return {"Authorization": f"Bearer {self.keys[role, town or '']}"}

    def draw(
        self, x: float = 0, y: float = 0, *, town: str = BENSHEIM, w: float = 4, h: float = 3
    ) -> dict[str, Any]:
        """A rectangle, metres east and north of the town's middle."""
        cx, cy = self.centres[town]
        return dict(mapping(to_lonlat(box(cx + x, cy + y, cx + x + w, cy + y + h))))

    def body(self, x: float = 0, y: float = 0, *, town: str = BENSHEIM, **more: Any) -> dict[str, Any]:
        """A complete request of a scaffold, 60 days ahead."""
        start = datetime.now(TOWN_ZONE).date() + timedelta(days=60)
        properties = {
            "use_type": "geruest",
            "from": start.isoformat(), "until": (start + timedelta(days=13)).isoformat(),
            "purpose": "Fassade", "applicant": APPLICANT, "takes": [],
        }  # fmt: skip
        return {
            "type": "Feature",
            "geometry": self.draw(x, y, town=town),
            "properties": {**properties, **more},
        }

    def file(self, x: float = 0, y: float = 0, *, town: str = BENSHEIM, **more: Any) -> dict[str, Any]:
        """A filed request: the receipt."""
        answer = self.client.post("/api/v1/permits", json=self.body(x, y, town=town, **more))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def move(self, reference: str, to: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
        """One step."""
        answer: Response = self.client.post(
            f"/api/v1/permits/{reference}/transitions", json={"to": to, **more}, headers=headers or self.key()
        )
        return answer

    def grant(self, receipt: dict[str, Any], town: str = BENSHEIM) -> Response:
        """Examine and grant."""
        assert self.move(receipt["reference"], "in_review", self.key(town=town)).status_code == 200
        return self.move(receipt["reference"], "granted", self.key(town=town))


def opened_desks(database: Database) -> Iterator[Callable[..., Desk]]:
    opened: list[TestClient] = []
    home = quick_folder("gs-files-")  # where the server's user may look in
    home.chmod(0o755)

    def make(**settings: Any) -> Desk:
        chosen = {"rate_filings": "100000/hour", "rate_checks": "100000/minute", "home": home, **settings}
        app = build_app(Settings(_env_file=None, **chosen), database)
        client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
        client.__enter__()
        opened.append(client)
        with owner_session(database) as owner:
            rows = owner.execute(
                text("SELECT ags, ST_X(p) AS x, ST_Y(p) AS y FROM town, ST_PointOnSurface(boundary) AS p")
            )
            centres = {row.ags: (row.x, row.y) for row in rows}
        return Desk(client=client, app=app, database=database, centres=centres)

    yield make
    for client in opened:
        client.__exit__(None, None, None)
    rmtree(home)


@pytest.fixture
def open_desk(town_database: Database) -> Iterator[Callable[..., Desk]]:
    """Opens the application with the given settings."""
    yield from opened_desks(town_database)


@pytest.fixture(scope="module")
def standing_desk(cluster: LocalCluster, town_template: str) -> Iterator[Desk]:
    """One application for all tests of a module that store nothing."""
    for database in clone(cluster, town_template):
        for make in opened_desks(database):
            yield make()


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """The application with the usual settings."""
    return open_desk()
