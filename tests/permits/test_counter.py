"""A paper application entered at the counter: where it lies said in words, filed by the same rules as online."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import shapely
from shapely import LineString
from shapely.geometry import shape

from geo_service.crs import to_town
from geo_service.db.database import operator_session
from geo_service.interval import TOWN_ZONE
from geo_service.roads.save_segments import save_segments
from geo_service.roads.segment import Segment
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk

PLACE = "/towns/bensheim/desk/counter/place"


@pytest.fixture
def streets(desk: Desk) -> tuple[float, float]:
    """Hauptstraße from west to east in two stretches, 100 m and 60 m, a side street between; widths 6 m, 2 m, 1.5 m."""
    x, y = desk.centres[BENSHEIM]
    lines = {
        "a": ("Hauptstraße", [(x, y), (x + 100, y)]), "b": ("Hauptstraße", [(x + 100, y), (x + 160, y)]),
        "c": ("Gasse", [(x + 100, y), (x + 100, y + 50)]),
    }  # fmt: skip
    made = [
        Segment(
            segment_id=f"test:{name}", axis=LineString(line), start_node=f"{line[0]}", end_node=f"{line[1]}",
            street_name=street, road_class="gemeindestrasse", source_id=name, modes=frozenset({"car", "foot"}),
            carriageway_width_m=6.0 if name != "c" else None, footway_width_left_m=2.0, footway_width_right_m=1.5,
            width_source="measured",
        )
        for name, (street, line) in lines.items()
    ]  # fmt: skip
    with operator_session(desk.app.state.engine) as session:
        save_segments(session, made, "test")
    return x, y


def ask(desk: Desk, **more: Any) -> Any:
    asked = {"segment": "test:a", "side": "left", "strip": "houses", "length_m": 10, "depth_m": 1.2, **more}
    return desk.client.get(PLACE, params=asked, headers=desk.key())


@pytest.mark.parametrize(
    ("side", "strip", "low", "high"),
    [
        ("left", "houses", 3.8, 5.0), ("left", "kerb", 3.0, 4.2), ("left", "carriageway", 1.8, 3.0),
        ("right", "houses", -4.5, -3.3), ("right", "kerb", -4.2, -3.0), ("right", "carriageway", -3.0, -1.8),
    ],
)  # fmt: skip
def test_the_area_lies_where_it_is_said(
    desk: Desk, streets: tuple[float, float], side: str, strip: str, low: float, high: float
) -> None:
    x, y = streets
    answer = ask(desk, side=side, strip=strip, at_m=30)
    assert answer.status_code == 200, answer.text
    assert to_town(shape(answer.json())).bounds == pytest.approx(
        (x + 25, y + low, x + 35, y + high), abs=0.02
    )


def test_stretches_come_in_order_with_their_crossings_and_sides(
    desk: Desk, streets: tuple[float, float]
) -> None:
    def told(street: str, lang: str = "de") -> Any:
        where = f"/towns/bensheim/desk/counter/stretches?lang={lang}"
        return desk.client.get(where, params={"street": street, "lang": lang}, headers=desk.key()).json()

    found = told("hauptstr.")
    assert found["street"] == "Hauptstraße"
    assert [one["id"] for one in found["stretches"]] == ["test:a", "test:b"]
    assert [one["text"] for one in found["stretches"]] == ["ab Gasse, 100 m", "ab Gasse, 60 m"]
    assert (found["stretches"][0]["left"], found["stretches"][0]["right"]) == ("Nordseite", "Südseite")
    assert told("Gasse", "en")["stretches"][0]["left"] == "west side"
    assert told("Nirgendwo") == {"street": None, "stretches": []}


def test_what_does_not_fit_is_refused_with_its_field(desk: Desk, streets: tuple[float, float]) -> None:
    for asked, pointer in (
        ({"length_m": 101}, "/length_m"), ({"at_m": 3}, "/at_m"), ({"at_m": 98}, "/at_m"),
        ({"segment": "test:c", "strip": "carriageway"}, "/strip"),
    ):  # fmt: skip
        answer = ask(desk, **asked)
        assert answer.status_code == 422, answer.text
        assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert ask(desk, segment="nowhere").status_code == 404
    for odd in ({"length_m": "nan"}, {"length_m": -1}, {"side": "up"}, {"depth_m": 1e9}, {"segment": "\0"}):
        assert ask(desk, **odd).status_code in (400, 404, 422), odd


def test_only_the_own_desk_asks(desk: Desk, streets: tuple[float, float]) -> None:
    for path in ("", "/stretches?street=x", "/place?segment=a&side=left&strip=kerb&length_m=1&depth_m=1"):
        where = f"/towns/bensheim/desk/counter{path}"
        assert desk.client.get(where).status_code == 401
        assert desk.client.get(where, headers=desk.key(town=VIERNHEIM)).status_code == 403
        assert desk.client.get(where, headers=desk.key("reader")).status_code == 403


def test_a_paper_application_is_filed_like_any_other_and_by_post_alone(
    desk: Desk, streets: tuple[float, float]
) -> None:
    geometry = ask(desk).json()
    body = desk.body(applicant={"name": "Hilde Post", "address": "Hauptstraße 5"})
    body["geometry"] = geometry
    filed = desk.client.post("/api/v1/permits", json=body, headers=desk.key())
    assert filed.status_code == 201, filed.text
    assert filed.json()["area_m2"] == pytest.approx(12.0, abs=0.05)
    case = desk.client.get(f"/api/v1/permits/{filed.json()['reference']}", headers=desk.key()).json()[
        "properties"
    ]
    assert (case["filed_by"], case["applicant"]["email"]) == ("counter", None)
    followed = desk.client.get(f"/api/v1/permits/{filed.json()['reference']}?token={filed.json()['token']}")
    assert followed.status_code == 200
    soon = datetime.now(TOWN_ZONE).date() + timedelta(days=2)
    urgent = {
        **body,
        "properties": {**body["properties"], "from": soon.isoformat(), "until": soon.isoformat()},
    }
    refused = desk.client.post("/api/v1/permits", json=urgent, headers=desk.key())
    assert refused.status_code == 422 and "/properties/urgent_reason" in refused.text
    drawn = shapely.from_geojson(str(geometry).replace("'", '"'))
    assert drawn.is_valid
