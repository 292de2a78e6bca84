"""A check of a changed request leaves the own case out, for whoever holds its token and for nobody else."""

from __future__ import annotations

from typing import Any

from tests.permits.conftest import Desk

CHECKS = "/api/v1/conflict-checks"


def _check(desk: Desk, reference: str, token: str | None) -> Any:
    body = desk.body(1, 1)
    for name in ("purpose", "applicant"):
        del body["properties"][name]
    body["properties"]["instead_of"] = reference
    return desk.client.post(CHECKS, json=body, headers={"X-Permit-Token": token} if token else {})


def test_the_own_granted_case_does_not_block_its_change(desk: Desk) -> None:
    mine, foreign = desk.file(), desk.file(200, 200)
    assert desk.grant(mine).status_code == 200
    own = _check(desk, mine["reference"], mine["token"])
    assert (own.status_code, own.json()["verdict"]) == (200, "clear")
    assert _check(desk, foreign["reference"], foreign["token"]).json()["verdict"] == "blocked"


def test_without_the_right_token_there_is_no_such_case(desk: Desk) -> None:
    mine, foreign = desk.file(), desk.file(200, 200)
    for token in (None, "wrong", foreign["token"]):
        assert _check(desk, mine["reference"], token).status_code == 404
    assert _check(desk, "BEN-2026-999999", mine["token"]).status_code == 404


def test_a_collection_says_that_it_cannot_leave_own_cases_out(desk: Desk) -> None:
    mine = desk.file()
    use = desk.body(1, 1)
    for name in ("purpose", "applicant"):
        del use["properties"][name]
    own = {**use, "properties": {**use["properties"], "instead_of": mine["reference"]}}
    answer = desk.client.post(
        CHECKS,
        json={"type": "FeatureCollection", "features": [use, own]},
        headers={"X-Permit-Token": mine["token"]},
    )
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/features/1/properties/instead_of"]
