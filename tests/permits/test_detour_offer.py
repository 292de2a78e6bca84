"""A full closure without a detour is offered one: in the check, and at the desk, which takes it over."""

from __future__ import annotations

import re
from typing import Any

import pytest
from shapely.geometry import LineString, shape
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.crs import to_lonlat, to_town
from geo_service.db.database import operator_session
from geo_service.identity.secrets import csrf_token
from tests.permits.conftest import BENSHEIM, Desk

# A square of 400 m: the closure stands in the middle of its southern side, the way around is 1,200 m.
ROADS = {
    "south": ([(-200, 0), (200, 0)], 1, 2),
    "east": ([(200, 0), (200, 400)], 2, 3),
    "north": ([(200, 400), (-200, 400)], 3, 4),
    "west": ([(-200, 400), (-200, 0)], 4, 1),
    "short": ([(-200, 0), (-200, -150), (200, -150), (200, 0)], 1, 2),
}


@pytest.fixture
def streets(desk: Desk) -> Desk:
    """A square of streets in the middle of Bensheim, on nodes of its own."""
    x, y = desk.centres[BENSHEIM]
    engine = desk.database.app_engine()
    with operator_session(engine) as session:
        for name, (points, start, end) in ROADS.items():
            _add(session, name, [(x + east, y + north) for east, north in points], start, end)
    engine.dispose()
    return desk


def _add(session: Session, name: str, points: list[tuple[float, float]], start: int, end: int) -> None:
    session.execute(
        text(
            "INSERT INTO road_segment (segment_id, street_name, road_class, axis, carriageway_width_m, modes, in_service,"
            " width_source, source, source_id, start_node, end_node) VALUES (:name, :name, 'gemeindestrasse',"
            " ST_SetSRID(ST_GeomFromText(:axis), 25832), 6, '{car,foot}', true, 'tagged', 'test', :name, :start, :end)"
        ),
        {"name": name, "axis": LineString(points).wkt, "start": start + 10**12, "end": end + 10**12},
    )


CLOSES = {"restriction": "full_closure", "takes": ["carriageway"], "pedestrian_guidance": "unchanged"}


def closure(desk: Desk, *, y: float = -4, **more: Any) -> dict[str, Any]:
    """A request that closes the street at (0, y) over 8 m."""
    body = desk.body(**{**CLOSES, **more})
    body["geometry"] = desk.draw(-4, y, w=8, h=8)
    return body


def check(desk: Desk, body: dict[str, Any]) -> dict[str, Any]:
    properties = {k: v for k, v in body["properties"].items() if k not in ("purpose", "applicant")}
    answer = desk.client.post("/api/v1/conflict-checks", json={**body, "properties": properties})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_the_check_offers_the_shortest_way(streets: Desk) -> None:
    answer = check(streets, closure(streets))
    offer = answer["detour_offer"]
    assert answer["street_known"] is True
    assert offer["segments"] == ["short"]
    assert offer["length_m"] == pytest.approx(700, abs=0.1)
    assert to_town(shape(offer["geometry"])).length == pytest.approx(700, abs=0.5)
    assert check(streets, streets.body())["detour_offer"] is None


def test_checked_together_each_avoids_the_other(streets: Desk) -> None:
    bodies = [closure(streets), closure(streets, y=-154)]
    for body in bodies:
        body["properties"] = {
            k: v for k, v in body["properties"].items() if k not in ("purpose", "applicant")
        }
    answer = streets.client.post(
        "/api/v1/conflict-checks", json={"type": "FeatureCollection", "features": bodies}
    ).json()
    first, second = (each["detour_offer"]["segments"] for each in answer["checks"])
    assert sorted(first) == sorted(second) == ["east", "north", "west"]


def test_a_stated_detour_is_not_second_guessed(streets: Desk) -> None:
    x, y = streets.centres[BENSHEIM]
    way = to_lonlat(LineString([(x - 200, y), (x - 200, y - 150), (x + 200, y - 150), (x + 200, y)]))
    detour = {"type": "LineString", "coordinates": [list(place) for place in way.coords]}
    assert check(streets, closure(streets, detour=detour))["detour_offer"] is None


def test_the_desk_takes_the_offer_over(streets: Desk) -> None:
    filed = streets.client.post("/api/v1/permits", json=closure(streets)).json()
    key = streets.key()["Authorization"].removeprefix("Bearer ")
    streets.client.post("/sign-in", data={"key": key})
    csrf = csrf_token(streets.client.cookies["geo_service_sign_in"])
    path = f"/towns/bensheim/desk/cases/{filed['reference']}"
    page = streets.client.get(path).text
    assert "Als Umleitung übernehmen" in page
    assert "700 m" in re.sub(r"<[^>]+>", "", page)
    wrong = streets.client.post(f"{path}/detour", data={"version": 7, "csrf_token": csrf})
    assert wrong.status_code == 412
    done = streets.client.post(f"{path}/detour", data={"version": 1, "csrf_token": csrf})
    assert done.status_code == 200
    assert "Als Umleitung übernehmen" not in done.text
    case = streets.client.get(f"/api/v1/permits/{filed['reference']}", headers=streets.key()).json()
    assert to_town(shape(case["properties"]["detour"])).length == pytest.approx(700, abs=0.5)


def test_who_is_not_of_the_town_takes_nothing_over(streets: Desk) -> None:
    filed = streets.client.post("/api/v1/permits", json=closure(streets)).json()
    path = f"/towns/bensheim/desk/cases/{filed['reference']}/detour"
    assert streets.client.post(path, data={"version": 1}).status_code in (401, 403)
