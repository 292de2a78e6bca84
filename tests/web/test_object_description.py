"""What is said about the operations of every kind is what they really answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.objects.conftest import PATHS, address, delete, entered, feature, line, post, put
from tests.permits.conftest import VIERNHEIM, Desk
from tests.web.test_api_description import Described

NAMES = dict(
    zip(
        PATHS,
        ("ConstructionSite", "Event", "Detour", "Blackout", "NoDigPeriod", "Reinstatement", "FireArea"),
        strict=True,
    )
)
BODIES = dict(
    zip(
        PATHS,
        (
            "SiteFeature", "EventFeature", "DetourFeature", "BlackoutFeature", "NoDigFeature",
            "ReinstatementFeature", "FireAreaFeature",
        ),
        strict=True,
    )
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_answers_and_problems_are_as_declared(desk: Desk, path: str) -> None:
    described = Described(desk)
    all_of_them, one = address(path), address(path, "{object_id}")
    desk.grant(desk.file(1, 1, takes=[]))
    answer = post(desk, path)
    described.holds(answer, all_of_them, 201)
    stored = answer.json()
    schema = {"$ref": f"#/components/schemas/{NAMES[path]}"}
    assert described.tells_all(schema, stored) == []
    page = desk.client.get(all_of_them, headers=desk.key())
    described.holds(page, all_of_them, 200)
    assert described.tells_all({"$ref": f"#/components/schemas/{NAMES[path]}Page"}, page.json()) == []
    described.holds(desk.client.get(address(path, stored["id"]), headers=desk.key()), one, 200)
    described.holds(put(desk, path, stored, feature(desk, path, farbe=1)), one, 422)
    changed = put(desk, path, stored, feature(desk, path, title="Anders"))
    described.holds(changed, one, 200)
    described.holds(put(desk, path, stored, feature(desk, path)), one, 412)
    described.holds(desk.client.delete(address(path, stored["id"]), headers=desk.key()), one, 428)
    described.holds(desk.client.get(address(path, stored["id"]), headers=desk.key(town=VIERNHEIM)), one, 404)
    described.holds(desk.client.get(all_of_them, params={"state": "x"}, headers=desk.key()), all_of_them, 400)
    described.holds(desk.client.get(all_of_them), all_of_them, 401)
    gone = delete(desk, path, changed.json())
    described.holds(gone, one, 200)
    described.holds(delete(desk, path, gone.json()), one, 409)


def test_a_refused_confirmation_tells_its_findings_as_declared(desk: Desk) -> None:
    described = Described(desk)
    entered(desk, "construction-sites", state="confirmed")
    refused = post(desk, "construction-sites", state="confirmed")
    described.holds(refused, address("construction-sites"), 409)
    assert described.tells_all({"$ref": "#/components/schemas/Problem"}, refused.json()) == []
    assert refused.json()["findings"]


@pytest.mark.parametrize("path", PATHS)
def test_what_is_sent_is_described_as_it_is_read(desk: Desk, path: str) -> None:
    described = Described(desk)
    schema = {"$ref": f"#/components/schemas/{BODIES[path]}"}
    good = feature(desk, path)
    assert described.faults(schema, good) == []
    wrong: list[Any] = [
        {**good, "geometry": None},
        feature(desk, path, farbe="rot"),
        {**good, "properties": {}},
    ]
    if path == "detours":
        wrong.append({**good, "geometry": desk.draw()})
    if path in ("construction-sites", "events"):
        wrong.append(feature(desk, path, detour=desk.draw()))
        assert described.faults(schema, feature(desk, path, detour=line(desk, (0, 0), (9, 9)))) == []
    for body in wrong:
        assert described.faults(schema, body), body
        assert desk.client.post(address(path), json=body, headers=desk.key()).status_code == 422
