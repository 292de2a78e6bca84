"""Filing over HTTP: what is stored, what is answered, what is refused and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from geo_service.db.database import owner_session
from geo_service.interval import TOWN_ZONE
from tests.permits.conftest import BENSHEIM, HEPPENHEIM, VIERNHEIM, Desk

TODAY = datetime.now(TOWN_ZONE).date()
NOT_A_NUMBER = (
    b'{"type": "Feature", "geometry": {"type": "Point", "coordinates": [NaN, Infinity]},'
    b' "properties": {"use_type": "geruest"}}'
)


def pointers(answer: Any) -> set[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return {fault["pointer"] for fault in answer.json()["errors"]}


def test_a_filed_request_is_answered_with_all_one_needs(desk: Desk) -> None:
    answer = desk.client.post("/api/v1/permits", json=desk.body())
    receipt = answer.json()
    assert answer.status_code == 201, receipt
    assert receipt["reference"] == f"BEN-{TODAY.year}-000001"
    assert answer.headers["location"] == f"/api/v1/permits/{receipt['reference']}"
    assert (receipt["status"], receipt["verdict"], receipt["town"]) == ("submitted", "clear", BENSHEIM)
    assert receipt["fee"]["official"] is False and receipt["fee"]["lines"]
    followed = desk.client.get(f"{answer.headers['location']}?token={receipt['token']}")
    permit = followed.json()["properties"]
    assert followed.headers["etag"] == '"1"' and followed.headers["cache-control"] == "no-store"
    assert permit["applicant"]["name"] == "Erika Mustermann" and permit["fee"] == receipt["fee"]
    assert [step["to"] for step in permit["history"]] == ["submitted"]
    assert permit["next"] == ["withdrawn"]
    assert desk.file(100)["reference"].endswith("000002")
    assert desk.file(town=VIERNHEIM)["reference"].endswith("000001")


def test_a_blocked_request_is_stored_with_its_findings(desk: Desk) -> None:
    assert desk.grant(desk.file()).status_code == 200
    receipt = desk.file(1, 1)
    assert receipt["verdict"] == "blocked"
    finding = receipt["findings"][0]
    assert (finding["number"], finding["severity"]) == ("K01", "block")
    assert finding["other"]["reference"].startswith("BEN-")
    mine = desk.client.get(
        f"/api/v1/permits/{receipt['reference']}", params={"token": receipt["token"]}
    ).json()
    assert mine["properties"]["findings"][0]["id"] == finding["id"]
    refused = desk.grant(receipt)
    assert refused.status_code == 409 and refused.json()["findings"][0]["id"] == finding["id"]


def test_the_other_request_is_hidden_from_the_applicant(desk: Desk) -> None:
    desk.file(purpose="Geheim")
    receipt = desk.file(1, 1)
    other = receipt["findings"][0]["other"]
    assert (other["id"], other["reference"], other["label"]) == (None, None, "Antrag in Bearbeitung")
    assert "Geheim" not in str(receipt)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"applicant": None}, "/properties/applicant"),
        ({"applicant": {"name": "X"}}, "/properties/applicant"),
        ({"applicant": {"name": " ", "email": "a@b"}}, "/properties/applicant/name"),
        ({"applicant": {"name": "X", "email": "kein"}}, "/properties/applicant/email"),
        ({"nonsense": 1}, "/properties/nonsense"),
        ({"use_type": "raumschiff"}, "/properties/use_type"),
        ({"purpose": "a\u0000b"}, "/properties/purpose"),
        ({"consents": ["road_owner"]}, "/properties/consents"),
        ({"case_group": "3d7b1c1e-7e0a-4b51-9d4f-0a4c3a2b1c0d"}, "/properties/case_group"),
        ({"from": "2026-06-14", "until": "2026-06-01"}, "/properties/until"),
        ({"from": "2020-06-01", "until": "2020-06-14"}, "/properties/until"),
        ({"from": None}, "/properties/from"),
        ({"instead_of": "BEN-2026-000001"}, "/properties/instead_of"),
    ],
)
def test_what_is_missing_or_wrong_is_named(standing_desk: Desk, change: dict[str, Any], pointer: str) -> None:
    answer = standing_desk.client.post("/api/v1/permits", json=standing_desk.body(**change))
    assert answer.status_code == 422, answer.text
    assert pointer in pointers(answer)
    with owner_session(standing_desk.database) as owner:
        assert owner.execute(text("SELECT count(*) FROM occupation")).scalar_one() == 0


def test_urgent_needs_a_reason_and_is_then_filed(desk: Desk) -> None:
    soon = {"from": TODAY.isoformat(), "until": (TODAY + timedelta(days=2)).isoformat()}
    answer = desk.client.post("/api/v1/permits", json=desk.body(**soon))
    assert answer.status_code == 422 and pointers(answer) == {"/properties/urgent_reason"}
    receipt = desk.file(**soon, urgent_reason="Rohrbruch")
    assert "K23" in {finding["number"] for finding in receipt["findings"]}


def test_a_town_without_requests_says_whom_to_ask(desk: Desk) -> None:
    with owner_session(desk.database) as owner:
        owner.execute(text("UPDATE town SET accepts_requests = false WHERE ags = :ags"), {"ags": HEPPENHEIM})
    answer = desk.client.post("/api/v1/permits", json=desk.body(town=HEPPENHEIM))
    assert answer.status_code == 422 and "Heppenheim" in answer.json()["detail"]


def test_outside_every_town_nobody_can_decide(standing_desk: Desk) -> None:
    far = standing_desk.body()
    far["geometry"] = {
        "type": "Polygon",
        "coordinates": [[[10, 53], [10.001, 53], [10.001, 53.001], [10, 53]]],
    }
    answer = standing_desk.client.post("/api/v1/permits", json=far)
    assert answer.status_code == 422 and pointers(answer) == {"/geometry"}


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b'{"type": "Feature"', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"null", "application/json", 422),
        (b"type=Feature", "text/plain", 422),
        (b"x" * 1_000_001, "application/json", 413),
        (NOT_A_NUMBER, "application/json", 422),
    ],
)  # fmt: skip
def test_an_unreadable_body_is_a_clear_problem(
    standing_desk: Desk, content: bytes, content_type: str, status: int
) -> None:
    for path in ("/api/v1/permits", "/api/v1/conflict-checks"):
        answer = standing_desk.client.post(path, content=content, headers={"Content-Type": content_type})
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_streamed_body_is_cut_off_too(standing_desk: Desk) -> None:
    answer = standing_desk.client.post("/api/v1/permits", content=(b"x" * 100_000 for _ in range(50)))
    assert answer.status_code == 413


def test_a_draft_is_filed_later_and_seen_by_nobody_before(desk: Desk) -> None:
    receipt = desk.file(status="draft")
    own = {"X-Permit-Token": receipt["token"]}
    path = f"/api/v1/permits/{receipt['permit_id']}"
    assert receipt["reference"] is None and receipt["status"] == "draft"
    assert desk.client.get(path, headers=desk.key()).status_code == 404
    assert desk.client.get("/api/v1/permits", headers=desk.key()).json()["features"] == []
    assert desk.file(1, 1)["verdict"] == "clear"  # a draft takes no part in conflicts
    changed = desk.body(200, purpose="Dach")
    assert desk.client.put(path, json=changed, headers=own).status_code == 428
    assert desk.client.put(path, json=changed, headers={**own, "If-Match": '"9"'}).status_code == 412
    answer = desk.client.put(path, json=changed, headers={**own, "If-Match": '"1"'})
    assert answer.status_code == 200 and answer.json()["properties"]["purpose"] == "Dach"
    filed = desk.move(receipt["permit_id"], "submitted", own).json()["properties"]
    assert filed["reference"].startswith("BEN-") and filed["status"] == "submitted"
    queue = desk.client.get("/api/v1/permits", headers=desk.key()).json()["features"]
    assert filed["reference"] in {line["properties"]["reference"] for line in queue}
    again = desk.client.get(f"/api/v1/permits/{filed['reference']}", headers=own)
    assert again.status_code == 200


def test_markup_comes_back_as_it_was_typed(desk: Desk) -> None:
    typed = "<script>alert(1)</script> ${x} \"'"
    receipt = desk.file(purpose=typed, address_text=typed)
    answer = desk.client.get(f"/api/v1/permits/{receipt['reference']}", headers=desk.key())
    assert answer.json()["properties"]["purpose"] == typed
