"""What the desk's map shows beside the published collections, and to whom."""

from __future__ import annotations

from typing import Any

import pytest
from shapely.geometry import shape

from tests.objects.conftest import DAYS, delete, entered
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk

ZONES = ("blackouts", "no-dig-periods", "reinstatements", "fire-areas")


def layer(desk: Desk, name: str, *, town: str = BENSHEIM, **more: Any) -> list[dict[str, Any]]:
    west, south, east, north = shape(desk.draw(-20, -20, w=1000, h=1000)).bounds
    asked = {"f": "json", "bbox": f"{west},{south},{east},{north}", **more}
    answer = desk.client.get(f"/towns/{town}/desk/map/{name}", params=asked, headers=desk.key(town=town))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return list(answer.json()["features"])


def test_what_is_under_review_is_on_the_map_until_it_is_published(desk: Desk) -> None:
    receipt = desk.file()
    (request,) = layer(desk, "requests")
    told = request["properties"]
    assert told["reference"] == receipt["reference"]
    assert told["kind_label_de"] == "Gerüst"
    assert told["page"] == f"/towns/bensheim/desk/cases/{receipt['reference']}"
    assert desk.client.get(told["page"], headers=desk.key()).status_code == 200
    desk.grant(receipt)
    assert layer(desk, "requests") == []


def test_planned_things_and_places_are_on_the_map_with_their_page(desk: Desk) -> None:
    hidden = entered(desk, "construction-sites", is_public=False)
    entered(desk, "construction-sites", 100)  # published as planned: in its collection already
    event, detour = entered(desk, "events", 200), entered(desk, "detours", 300)
    pages = {one["properties"]["page"] for one in layer(desk, "planned")}
    assert pages == {
        f"/towns/bensheim/desk/construction-sites/{hidden['id']}", f"/towns/bensheim/desk/events/{event['id']}",
        f"/towns/bensheim/desk/detours/{detour['id']}",
    }  # fmt: skip
    for path in ZONES:
        stored = entered(desk, path, 400)
        (found,) = layer(desk, path)
        assert found["properties"]["title"] == stored["properties"]["title"]
        assert found["properties"]["page"] == f"/towns/bensheim/desk/{path}/{stored['id']}"
        assert desk.client.get(found["properties"]["page"], headers=desk.key()).status_code == 200
        delete(desk, path, stored)
        assert layer(desk, path) == []


def test_days_and_boxes_choose(desk: Desk) -> None:
    entered(desk, "blackouts")
    assert len(layer(desk, "blackouts", datetime=f"{DAYS['until']}/..")) == 1
    assert len(layer(desk, "blackouts", datetime=DAYS["from"])) == 1
    assert layer(desk, "blackouts", datetime="2026-01-01") == []
    assert layer(desk, "blackouts", datetime="2200-01-01/..") == []
    assert layer(desk, "blackouts", bbox="7,48,7.1,48.1") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"bbox": "1,2,3"},
        {"bbox": "nan,1,2,3"},
        {"bbox": "9,50,8,49"},
        {"datetime": "gestern"},
        {"datetime": "2026-13-01"},
    ],
)
def test_what_cannot_be_read_is_a_bad_request(desk: Desk, wrong: dict[str, str]) -> None:
    asked = {"bbox": "8,49,9,50", **wrong}
    answer = desk.client.get("/towns/bensheim/desk/map/requests", params=asked, headers=desk.key())
    assert answer.status_code == 400


def test_no_other_desk_and_nobody_else_sees_a_layer(desk: Desk) -> None:
    desk.file()
    entered(desk, "blackouts")
    assert layer(desk, "requests", town=VIERNHEIM) == []
    for name in ("requests", "planned", *ZONES):
        address = f"/towns/bensheim/desk/map/{name}?bbox=8,49,9,50"
        for headers, status in (({}, 401), (desk.key("reader", None), 403), (desk.key(town=VIERNHEIM), 403)):
            assert desk.client.get(address, headers=headers).status_code == status
    unknown = desk.client.get("/towns/bensheim/desk/map/nothing?bbox=8,49,9,50", headers=desk.key())
    assert unknown.status_code == 404
    for path in ("", "/new"):
        for headers, status in (({}, 401), (desk.key(town=VIERNHEIM), 403)):
            page = desk.client.get(f"/towns/bensheim/desk/blackouts{path}", headers=headers)
            assert page.status_code == status
