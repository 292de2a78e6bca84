"""Deciding over HTTP: the table of steps, its guards, and who may do what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from geo_service.db.database import owner_session
from geo_service.interval import TOWN_ZONE
from geo_service.permits.states import TRANSITIONS, get_transition
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk


def status_of(desk: Desk, reference: str) -> str:
    answer = desk.client.get(f"/api/v1/permits/{reference}", headers=desk.key())
    return str(answer.json()["properties"]["status"])


def test_a_granted_permit_is_published_and_binding(desk: Desk) -> None:
    receipt = desk.file(purpose="Geheim")
    assert desk.client.get("/ogc/collections/permits/items").json()["features"] == []
    granted = desk.grant(receipt)
    permit = granted.json()["properties"]
    assert (permit["status"], permit["decided_at"] is None) == ("granted", False)
    assert [step["to"] for step in permit["history"]] == ["submitted", "in_review", "granted"]
    assert permit["history"][-1]["by"] == f"clerk {BENSHEIM}"
    published = desk.client.get("/ogc/collections/permits/items").text
    assert receipt["reference"] in published and "Geheim" not in published and "Mustermann" not in published
    assert desk.move(receipt["reference"], "granted").status_code == 409


def test_the_findings_are_frozen_with_their_values(desk: Desk) -> None:
    desk.file(5, 0, use_type="geruest")
    desk.grant(desk.file())
    with owner_session(desk.database) as owner:
        owner.execute(text(f"SET LOCAL app.town = '{BENSHEIM}'"))
        sql = "SELECT findings_at_grant FROM permit WHERE status = 'granted'"
        frozen = owner.execute(text(sql)).scalar_one()
    neighbour = next(finding for finding in frozen if finding["number"] == "K02")
    assert neighbour["rule_version"] and neighbour["measured"] == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("steps", "to", "status"),
    [
        ([], "granted", 409),  # through in_review first
        ([], "rejected", 409),
        ([], "submitted", 409),  # where it is already
        (["in_review"], "in_review", 409),
        (["in_review"], "active", 409),
        (["in_review"], "in_consultation", 422),  # without saying who is asked
        ([], "in_consultation", 409),
        (["in_review"], "rejected", 422),  # without a reason
        (["in_review"], "nonsense", 422),
        (["in_review"], "withdrawn", 403),  # the applicant's step
    ],
)
def test_steps_that_are_refused(desk: Desk, steps: list[str], to: str, status: int) -> None:
    reference = desk.file()["reference"]
    for step in steps:
        assert desk.move(reference, step).status_code == 200
    answer = desk.move(reference, to)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert status_of(desk, reference) == (steps or ["submitted"])[-1]


def test_a_rejection_keeps_its_reason_and_frees_the_place(desk: Desk) -> None:
    receipt = desk.file()
    desk.move(receipt["reference"], "in_review")
    answer = desk.move(receipt["reference"], "rejected", reason="Zu schmal", reason_code="width")
    step = answer.json()["properties"]["history"][-1]
    assert (step["reason"], step["reason_code"]) == ("Zu schmal", "width")
    assert desk.file()["verdict"] == "clear"


def test_the_applicant_withdraws_with_the_token_and_decides_nothing(desk: Desk) -> None:
    receipt = desk.file()
    own = {"X-Permit-Token": receipt["token"]}
    assert desk.move(receipt["reference"], "in_review", own).status_code == 403
    assert desk.move(receipt["reference"], "withdrawn", {"X-Permit-Token": "x"}).status_code == 404
    answer = desk.move(receipt["reference"], "withdrawn", own, reason="Doch nicht")
    assert answer.json()["properties"]["status"] == "withdrawn"
    assert desk.move(receipt["reference"], "withdrawn", own).status_code == 409


@pytest.mark.parametrize(
    ("role", "town"), [("clerk", VIERNHEIM), ("reader", BENSHEIM), ("operator", None), ("admin", VIERNHEIM)]
)
def test_nobody_else_sees_or_decides_the_case(desk: Desk, role: str, town: str | None) -> None:
    reference = desk.file()["reference"]
    stranger = desk.key(role, town)
    unknown = desk.client.get("/api/v1/permits/BEN-2026-999999", headers=stranger)
    seen = desk.client.get(f"/api/v1/permits/{reference}", headers=stranger)
    assert (seen.status_code, seen.content) == (404, unknown.content)
    assert desk.move(reference, "in_review", stranger).status_code == 404
    queue = desk.client.get("/api/v1/permits", headers=stranger)
    assert queue.status_code == 403 or queue.json()["features"] == []
    assert desk.client.get(f"/api/v1/permits?town={BENSHEIM}", headers=stranger).status_code == 403


def test_without_key_or_token_there_is_nothing(desk: Desk) -> None:
    reference = desk.file()["reference"]
    assert desk.client.get(f"/api/v1/permits/{reference}").status_code == 404
    assert desk.client.get("/api/v1/permits").status_code == 401
    bad = desk.client.get(f"/api/v1/permits/{reference}", headers={"Authorization": "Bearer nonsense"})
    assert bad.status_code == 401


def test_a_supervisor_overrides_with_a_reason_kept_for_ever(desk: Desk) -> None:
    desk.grant(desk.file())
    receipt = desk.file(1, 1)
    refused = desk.grant(receipt)
    finding = refused.json()["findings"][0]["id"]
    override = [{"finding": finding, "reason": "Bauherren stimmen sich ab"}]
    boss = desk.key("supervisor")
    move = lambda headers, overrides: desk.move(receipt["reference"], "granted", headers, overrides=overrides)  # noqa: E731
    assert move(desk.key(), override).status_code == 403
    assert move(boss, [{"finding": "nonsense", "reason": "x"}]).status_code == 422
    assert move(boss, [{"finding": finding, "reason": "  "}]).status_code == 422
    assert move(boss, []).status_code == 409
    granted = move(boss, override)
    assert granted.status_code == 200, granted.text
    permit = granted.json()["properties"]
    assert permit["history"][-1]["overrides"] == override and permit["history"][-1]["role"] == "supervisor"
    assert permit["findings"][0]["status"] == "overridden"


def test_what_a_grant_needs_is_asked_for(desk: Desk) -> None:
    receipt = desk.file(takes=["footway"])
    refused = desk.grant(receipt)
    assert refused.status_code == 409
    assert [finding["number"] for finding in refused.json()["findings"]] == ["K26"]


def test_a_step_with_if_match_meets_the_state_it_was_meant_for(desk: Desk) -> None:
    reference = desk.file()["reference"]
    headers = {**desk.key(), "If-Match": '"1"'}
    assert desk.move(reference, "in_review", headers).headers["etag"] == '"2"'
    late = desk.move(reference, "rejected", headers, reason="zu spät")
    assert late.status_code == 412 and status_of(desk, reference) == "in_review"


def test_more_information_lets_the_applicant_change_the_request(desk: Desk) -> None:
    receipt = desk.file()
    own = {"X-Permit-Token": receipt["token"], "If-Match": "*"}
    path = f"/api/v1/permits/{receipt['reference']}"
    assert desk.client.put(path, json=desk.body(50), headers=own).status_code == 403
    desk.move(receipt["reference"], "in_review")
    assert desk.move(receipt["reference"], "more_information_needed", reason="Lageplan").status_code == 200
    assert desk.client.put(path, json=desk.body(50, town=VIERNHEIM), headers=own).status_code == 422
    assert desk.client.put(path, json=desk.body(50), headers=own).status_code == 200
    assert (
        desk.move(receipt["reference"], "in_review", {"X-Permit-Token": receipt["token"]}).status_code == 200
    )
    assert desk.move(receipt["reference"], "granted").status_code == 200
    assert (
        desk.client.put(path, json=desk.body(50), headers={**desk.key(), "If-Match": "*"}).status_code == 409
    )


def test_the_queue_is_paged_and_searched(desk: Desk) -> None:
    filed = [desk.file(20 * i, purpose=f"Zweck {i} 50%")["reference"] for i in range(5)]
    pages: list[str] = []
    path: str | None = "/api/v1/permits?limit=2&status=submitted"
    while path:
        page: dict[str, Any] = desk.client.get(path, headers=desk.key()).json()
        pages += [line["properties"]["reference"] for line in page["features"]]
        path = page["links"][0]["href"] if "links" in page else None
    assert pages == filed[::-1]
    found = desk.client.get("/api/v1/permits", params={"q": "zweck 3 50%"}, headers=desk.key()).json()
    assert [line["properties"]["reference"] for line in found["features"]] == [filed[3]]
    for bad in ({"cursor": "nonsense"}, {"status": "nonsense"}, {"limit": "0"}):
        assert desk.client.get("/api/v1/permits", params=bad, headers=desk.key()).status_code in (400, 422)


def test_the_table_names_every_step_once() -> None:
    lines = [(step.before, step.after, who) for step in TRANSITIONS for who in step.who]
    assert len(lines) == len(set(lines))
    for step in TRANSITIONS:
        assert get_transition(step.before, step.after, step.who) is step


def test_a_clerk_adds_facts_after_the_lead_time_has_passed(desk: Desk) -> None:
    """Filed in time; what an office states later is not a late filing."""
    start = datetime.now(TOWN_ZONE).date() + timedelta(days=3)
    times = {"from": start.isoformat(), "until": (start + timedelta(days=5)).isoformat()}
    receipt = desk.file(urgent_reason="Sturm", takes=["footway"], **times)
    path = f"/api/v1/permits/{receipt['reference']}"
    given = desk.body(takes=["footway"], traffic_order={"number": "VRA 1", **times}, **times)
    del given["properties"]["applicant"]
    answer = desk.client.put(path, json=given, headers={**desk.key(), "If-Match": "*"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["properties"]["applicant"]["name"] == "Erika Mustermann"
    granted = desk.grant(receipt)
    assert granted.status_code == 200, granted.text
