"""The application with keys and a pen, and bodies of every kind that can be sent as they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from httpx import Response
from shapely.geometry import LineString, mapping

from geo_service.crs import to_lonlat
from geo_service.interval import TOWN_ZONE
from tests.permits.conftest import BENSHEIM, Desk, desk, open_desk, standing_desk

__all__ = ["desk", "open_desk", "standing_desk"]

PATHS = (
    "construction-sites", "events", "detours", "blackouts", "no-dig-periods", "reinstatements", "fire-areas",
)  # fmt: skip
FIRST = datetime.now(TOWN_ZONE).date() + timedelta(days=60)
DAYS = {"from": FIRST.isoformat(), "until": (FIRST + timedelta(days=13)).isoformat()}
LEAST: dict[str, dict[str, Any]] = {
    "construction-sites": {"title": "Kanal", **DAYS, "takes": []},
    "events": {"title": "Weinfest", **DAYS, "takes": []},
    "detours": {"title": "U1", **DAYS},
    "blackouts": {"title": "Weihnachtsmarkt", **DAYS, "refuses": ["all"]},
    "no-dig-periods": {"title": "Neue Decke", **DAYS},
    "reinstatements": {"title": "Hausanschluss", "accepted_on": "2026-03-01"},
    "fire-areas": {"title": "Hof", "kind": "stand"},
}


def address(path: str, one: str | None = None) -> str:
    return f"/api/v1/{path}" + ("" if one is None else f"/{one}")


def line(desk: Desk, *places: tuple[float, float], town: str = BENSHEIM) -> dict[str, Any]:
    """A line through places, metres east and north of the town's middle."""
    cx, cy = desk.centres[town]
    return dict(mapping(to_lonlat(LineString([(cx + x, cy + y) for x, y in places]))))


def feature(
    desk: Desk, path: str, x: float = 0, y: float = 0, *, town: str = BENSHEIM, **more: Any
) -> dict[str, Any]:
    """A complete body of one kind."""
    place = (
        line(desk, (x, y), (x + 200, y), town=town)
        if path == "detours"
        else desk.draw(x, y, town=town, w=10, h=5)
    )
    return {"type": "Feature", "geometry": place, "properties": {**LEAST[path], **more}}


def post(desk: Desk, path: str, *place: float, **more: Any) -> Response:
    """Enter one as a clerk of Bensheim."""
    answer: Response = desk.client.post(
        address(path), json=feature(desk, path, *place, **more), headers=desk.key()
    )
    return answer


def entered(desk: Desk, path: str, *place: float, **more: Any) -> dict[str, Any]:
    """The stored Feature."""
    answer = post(desk, path, *place, **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def put(desk: Desk, path: str, stored: dict[str, Any], body: dict[str, Any], **headers: str) -> Response:
    """Replace what is stored."""
    tag = {"If-Match": f'"{stored["properties"]["version"]}"', **headers}
    answer: Response = desk.client.put(address(path, stored["id"]), json=body, headers={**desk.key(), **tag})
    return answer


def delete(desk: Desk, path: str, stored: dict[str, Any]) -> Response:
    """Cancel what is stored."""
    tag = {"If-Match": f'"{stored["properties"]["version"]}"'}
    answer: Response = desk.client.delete(address(path, stored["id"]), headers={**desk.key(), **tag})
    return answer
