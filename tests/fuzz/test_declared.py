"""Whatever is sent: never a 500, always a problem in words, and only answers that are declared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from geo_service.db.local_cluster import LocalCluster
from tests.conftest import clone
from tests.fuzz.declared import Fuzzer
from tests.objects.conftest import PATHS, entered
from tests.permits.conftest import Desk, opened_desks


@pytest.fixture(scope="module")
def filled_desk(cluster: LocalCluster, town_template: str) -> Iterator[Desk]:
    """An application with one of everything."""
    for database in clone(cluster, town_template):
        for make in opened_desks(database):
            yield make()


@pytest.fixture(scope="module")
def known(filled_desk: Desk) -> dict[str, dict[str, str]]:
    """Something that is there, by the path that names it."""
    desk = filled_desk
    found: dict[str, dict[str, str]] = {}
    for n, path in enumerate(PATHS):
        stored = entered(desk, path, 0, 100 * n)
        found[f"/api/v1/{path}/{{object_id}}"] = {"object_id": stored["id"]}
    desk.file(0, 0)  # where a site is planned: a finding
    receipt = desk.file(500, 500)
    reference = receipt["reference"]
    assert desk.move(reference, "in_review").status_code == 200
    asking = desk.client.post(
        f"/api/v1/permits/{reference}/consultations",
        json={"office": "Feuerwehr", "question": "Zufahrt?"},
        headers=desk.key(),
    )
    assert asking.status_code == 201, asking.text
    (finding, *_) = desk.client.get("/api/v1/conflicts", headers=desk.key()).json()["conflicts"]
    case, consultation = "/api/v1/permits/{reference}", "/api/v1/consultations/{consultation_id}"
    for path in ("", "/transitions", "/children", "/notes", "/consultations"):
        found[case + path] = {"reference": reference}
    for path in ("", "/answer"):
        found[consultation + path] = {"consultation_id": asking.json()["id"]}
    found["/api/v1/findings/{finding_id}"] = {"finding_id": str(finding["id"])}
    site = entered(desk, "construction-sites", 700, 700)
    found["/collections/construction_sites/items/{featureId}"] = {"featureId": site["id"]}
    found["/collections/pending/items/{featureId}"] = {"featureId": receipt["permit_id"]}
    found["/collections/towns/items/{featureId}"] = {"featureId": "06431002"}
    return found


@pytest.mark.parametrize("at", ["/ogc/api", "/api/v1/openapi.json"])
def test_everything_declared_is_answered_as_declared(
    filled_desk: Desk, known: dict[str, dict[str, str]], at: str, effort: int
) -> None:
    document: dict[str, Any] = json.loads(
        filled_desk.client.get(at, headers=filled_desk.key()).content
    )  # with a key it describes more
    fuzzer = Fuzzer(
        filled_desk.client, document, filled_desk.key(), known, examples=3 * effort, derandomize=effort == 1
    )
    faults = fuzzer.faults()
    assert not faults, "\n".join(faults)
    assert fuzzer.asked > 300
