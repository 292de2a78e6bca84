"""Changes of a permit in force: a child with its own reference, decided on its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import Response

from geo_service.interval import TOWN_ZONE
from tests.permits.conftest import VIERNHEIM, Desk
from tests.permits.life import begin, bounds, of_case, step, tick

TODAY = datetime.now(TOWN_ZONE).date()


def until(days: int) -> dict[str, str]:
    return {"until": (TODAY + timedelta(days=days)).isoformat()}


def change(
    desk: Desk, receipt: dict[str, Any], kind: str, properties: dict[str, Any] | None = None, *,
    geometry: Any = None, headers: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    body = {"type": "Feature", "kind": kind, "geometry": geometry, "properties": properties or {}}
    own = {"X-Permit-Token": receipt["token"]} if headers is None else headers
    answer: Response = desk.client.post(
        f"/api/v1/permits/{receipt['reference']}/children", json=body, headers=own
    )
    return answer


@pytest.fixture
def granted(desk: Desk) -> dict[str, Any]:
    receipt = desk.file()  # days 60 to 73, 4 m by 3 m
    assert desk.grant(receipt).status_code == 200
    return receipt


def test_an_extension_is_decided_on_its_own_and_follows_its_parent(
    desk: Desk, granted: dict[str, Any]
) -> None:
    answer = change(desk, granted, "extension", until(80))
    assert answer.status_code == 201, answer.text
    child = answer.json()
    assert child["reference"] != granted["reference"] and child["token"] != granted["token"]
    assert child["verdict"] == "clear"  # never held against its parent
    facts = of_case(desk, child["reference"])
    assert (facts["from"], facts["until"]) == (until(74)["until"], until(80)["until"])
    assert (facts["parent"], facts["child_kind"], facts["status"]) == (
        granted["reference"],
        "extension",
        "submitted",
    )
    assert facts["applicant"]["name"] == "Erika Mustermann"
    parent = of_case(desk, granted["reference"])
    assert parent["status"] == "granted"
    assert parent["children"] == [
        {"reference": child["reference"], "kind": "extension", "status": "submitted"}
    ]
    _, end = bounds(desk, granted)
    tick(desk, end - timedelta(days=1))
    assert desk.grant(child).status_code == 200
    assert of_case(desk, granted["reference"])["status"] == "active"
    assert tick(desk, end) == 2  # one ends, the other begins
    assert of_case(desk, granted["reference"])["status"] == "ended"
    assert of_case(desk, child["reference"])["status"] == "active"


def test_an_extension_meets_what_was_granted_after_it(desk: Desk, granted: dict[str, Any]) -> None:
    times = {"from": (TODAY + timedelta(days=76)).isoformat(), **until(79)}
    other = desk.file(1, 1, **times)
    assert desk.grant(other).status_code == 200
    child = change(desk, granted, "extension", until(80)).json()
    assert child["verdict"] == "blocked"
    refused = desk.grant(child)
    assert refused.status_code == 409
    assert refused.json()["findings"][0]["other"]["reference"] == other["reference"]
    assert of_case(desk, granted["reference"])["status"] == "granted"


def test_a_shift_replaces_its_parent_in_the_same_transaction(desk: Desk, granted: dict[str, Any]) -> None:
    child = change(desk, granted, "shift", geometry=desk.draw(2, 0)).json()
    assert child["verdict"] == "clear"  # though it overlaps its parent
    blocked = desk.file(3, 0)  # stands in the way of both
    assert [one["status"] for one in of_case(desk, granted["reference"])["children"]] == ["submitted"]
    assert desk.grant(child).status_code == 200
    parent = of_case(desk, granted["reference"])
    assert parent["status"] == "surrendered"
    assert (parent["history"][-1]["role"], parent["history"][-1]["reason"]) == (
        "system",
        f"Ersetzt durch {child['reference']}",
    )
    published = desk.client.get("/ogc/collections/permits/items").json()["features"]
    assert [one["properties"]["reference"] for one in published] == [child["reference"]]
    others = {one["other"]["reference"] for one in of_case(desk, blocked["reference"])["findings"]}
    assert others == {child["reference"]}


def test_a_refused_child_leaves_its_parent_in_force(desk: Desk, granted: dict[str, Any]) -> None:
    neighbour = desk.file(6, 0)
    assert desk.grant(neighbour).status_code == 200
    child = change(desk, granted, "enlargement", geometry=desk.draw(0, 0, w=8)).json()
    assert desk.grant(child).status_code == 409
    assert of_case(desk, granted["reference"])["status"] == "granted"
    assert desk.move(child["reference"], "rejected", reason="Belegt").status_code == 200
    assert of_case(desk, granted["reference"])["status"] == "granted"


def test_a_running_permit_is_reduced_and_its_place_is_free(desk: Desk) -> None:
    receipt = desk.file()
    _start, _end = begin(desk, receipt)
    child = change(desk, receipt, "reduction", geometry=desk.draw(0, 0, w=2)).json()
    assert desk.grant(child).status_code == 200
    parent = of_case(desk, receipt["reference"])
    assert parent["status"] == "ended"
    assert of_case(desk, child["reference"])["until"] == parent["until"]
    assert desk.file(2.5, 0)["verdict"] != "blocked"


def test_a_new_holder_is_another_applicant_with_another_token(desk: Desk, granted: dict[str, Any]) -> None:
    new = {"name": "Bau GmbH", "email": "bau@example.org"}
    child = change(desk, granted, "new_holder", {"applicant": new}).json()
    facts = of_case(desk, child["reference"])
    assert facts["applicant"]["name"] == "Bau GmbH" and facts["area_m2"] == pytest.approx(12, abs=0.01)
    assert of_case(desk, granted["reference"])["applicant"]["name"] == "Erika Mustermann"
    old = desk.client.get(f"/api/v1/permits/{child['reference']}", params={"token": granted["token"]})
    assert old.status_code == 404


def test_an_overrun_is_over_by_its_extension(desk: Desk) -> None:
    receipt = desk.file()
    _, end = begin(desk, receipt)
    step(desk, receipt["reference"], "overrun", at=end)
    child = change(
        desk, receipt, "extension", {**until(100), "urgent_reason": "Lieferung fehlt"}, headers=desk.key()
    )
    assert child.status_code == 201, child.text
    assert desk.grant(child.json()).status_code == 200
    assert of_case(desk, receipt["reference"])["status"] == "ended"


@pytest.mark.parametrize(
    ("kind", "properties", "pointer"),
    [
        ("extension", until(70), "/properties/until"),
        ("extension", {}, "/properties/until"),
        ("extension", {**until(80), "from": TODAY.isoformat()}, "/properties/from"),
        ("extension", {"until": "9999-12-31"}, "/properties/from"),
        ("reduction", {}, "/geometry"),
        ("reduction", until(90), "/properties/until"),
        ("enlargement", until(90), "/properties/until"),
        ("enlargement", {}, "/geometry"),
        ("shift", {}, "/geometry"),
        ("new_holder", {}, "/properties/applicant"),
        ("reduction", {"applicant": {"name": "x", "email": "a@b.de"}}, "/properties/applicant"),
        ("reduction", {"use_type": "container"}, "/properties/use_type"),
        ("divorce", {}, "/kind"),
    ],
)
def test_what_is_no_change_of_its_kind(
    desk: Desk, granted: dict[str, Any], kind: str, properties: dict[str, Any], pointer: str
) -> None:
    answer = change(desk, granted, kind, properties)
    assert answer.status_code == 422, answer.text
    assert pointer in {fault["pointer"] for fault in answer.json()["errors"]}
    assert of_case(desk, granted["reference"])["children"] == []


def test_an_area_that_is_not_what_it_says(desk: Desk, granted: dict[str, Any]) -> None:
    assert change(desk, granted, "reduction", geometry=desk.draw(1, 0)).status_code == 422
    assert change(desk, granted, "enlargement", geometry=desk.draw(1, 0)).status_code == 422
    assert change(desk, granted, "extension", until(80), geometry=desk.draw()).status_code == 422
    away = change(desk, granted, "shift", geometry=desk.draw(town=VIERNHEIM))
    assert away.status_code == 422 and "Viernheim" in away.json()["detail"]


def test_only_a_permit_in_force_is_changed_and_by_nobody_else(desk: Desk) -> None:
    receipt = desk.file()
    refused = change(desk, receipt, "extension", until(80))
    assert refused.status_code == 409 and "Nur eine geltende Erlaubnis" in refused.json()["detail"]
    desk.grant(receipt)
    for stranger in ({}, desk.key(town=VIERNHEIM), desk.key("reader"), {"X-Permit-Token": "x"}):
        assert change(desk, receipt, "extension", until(80), headers=stranger).status_code == 404
    assert change(desk, receipt, "extension", until(80), headers=desk.key()).status_code == 201


def test_the_applicant_asks_for_an_extension_on_the_page(desk: Desk, granted: dict[str, Any]) -> None:
    address = f"/permits/{granted['reference']}"
    page = desk.client.get(address, params={"token": granted["token"], "lang": "de"}).text
    assert "Verlängerung beantragen" in page
    sent = desk.client.post(f"{address}/extend", data=until(85))
    assert sent.status_code == 200 and 'data-status="submitted"' in sent.text
    assert of_case(desk, granted["reference"])["children"][0]["kind"] == "extension"


@pytest.mark.parametrize(
    ("kind", "asked"), [("extension", until(80)), ("reduction", {"until": until(70)["until"]})]
)
def test_no_change_of_a_revoked_permit_is_granted(
    desk: Desk, granted: dict[str, Any], kind: str, asked: dict[str, str]
) -> None:
    answer = change(desk, granted, kind, asked)
    assert answer.status_code == 201, answer.text
    child = answer.json()
    assert desk.move(granted["reference"], "revoked", reason="Gefahr").status_code == 200
    refused = desk.grant(child)
    assert (refused.status_code, "widerrufen" in refused.json()["detail"]) == (409, True), refused.text
    assert of_case(desk, child["reference"])["status"] == "in_review"
    assert desk.move(child["reference"], "rejected", reason="Widerrufen").status_code == 200
