"""What was known of a case on any past day, and a record that nobody changes, not even the owner."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from geo_service.db.database import owner_session
from geo_service.interval import TOWN_ZONE
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk
from tests.permits.test_tenancy import OWN, STRANGERS, count, spoken

TODAY = datetime.now(TOWN_ZONE).date()


def days_pass(desk: Desk, days: int) -> None:
    """Everything that was stored so far lies so many days further back."""
    back = f"- interval '{days} days'"
    changes = (
        f"SELECT set_config('app.town', '{BENSHEIM}', true)",
        "ALTER TABLE permit DISABLE TRIGGER USER",  # for nothing has happened
        "ALTER TABLE permit_transition DISABLE TRIGGER USER",
        f"UPDATE permit SET filed_at = filed_at {back}",
        f"UPDATE permit_past SET valid_until = valid_until {back}",
        f"UPDATE permit_transition SET at = at {back}",
        "ALTER TABLE permit ENABLE TRIGGER USER",
        "ALTER TABLE permit_transition ENABLE TRIGGER USER",
    )
    with owner_session(desk.database) as owner:
        for change in changes:
            owner.execute(text(change))


def read(desk: Desk, reference: str, days_ago: int, headers: dict[str, str] | None = None) -> Response:
    day = (TODAY - timedelta(days=days_ago)).isoformat()
    answer: Response = desk.client.get(
        f"/api/v1/permits/{reference}",
        params={"as_of": day},
        headers=desk.key() if headers is None else headers,
    )
    return answer


@pytest.fixture
def old(desk: Desk) -> dict[str, Any]:
    """Filed nine days ago, changed six days ago, granted three days ago."""
    receipt = desk.file(purpose="Fassade")
    days_pass(desk, 3)
    changed = desk.body(20, purpose="Dach")
    path = f"/api/v1/permits/{receipt['reference']}"
    answer = desk.client.put(path, json=changed, headers={**desk.key(), "If-Match": "*"})
    assert answer.status_code == 200, answer.text
    days_pass(desk, 3)
    assert desk.grant(receipt).status_code == 200
    days_pass(desk, 3)
    return receipt


def test_what_was_known_on_a_day(desk: Desk, old: dict[str, Any]) -> None:
    assert read(desk, old["reference"], 10).status_code == 404  # not filed yet
    answers = {ago: read(desk, old["reference"], ago) for ago in (9, 7, 6, 4, 3, 0)}
    assert {answer.status_code for answer in answers.values()} == {200}
    known = {ago: answer.json() for ago, answer in answers.items()}
    told = {ago: (one["properties"]["status"], one["properties"]["purpose"]) for ago, one in known.items()}
    assert told == {
        9: ("submitted", "Fassade"), 7: ("submitted", "Fassade"), 6: ("submitted", "Dach"),
        4: ("submitted", "Dach"), 3: ("granted", "Dach"), 0: ("granted", "Dach"),
    }  # fmt: skip
    now = desk.client.get(f"/api/v1/permits/{old['reference']}", headers=desk.key()).json()
    assert known[0]["geometry"] == known[6]["geometry"] == now["geometry"] != known[9]["geometry"]
    assert [step["to"] for step in known[4]["properties"]["history"]] == ["submitted"]
    assert known[4]["properties"]["at_grant"] is None and known[3]["properties"]["at_grant"]["rule_basis"]
    assert "findings" not in known[4]["properties"] and "next" not in known[4]["properties"]


def test_the_past_is_for_clerks_of_the_town(desk: Desk, old: dict[str, Any]) -> None:
    reference = old["reference"]
    assert read(desk, reference, 3, desk.key(town=VIERNHEIM)).status_code == 404
    assert read(desk, reference, 3, desk.key("reader")).status_code == 403
    assert read(desk, reference, 3, {"X-Permit-Token": old["token"]}).status_code == 401
    assert read(desk, reference, -1).status_code == 422
    assert read(desk, "BEN-2026-999999", 0).status_code == 404
    for who in STRANGERS:
        with spoken(desk, who) as session:
            assert count(session, "permit_past") == 0


def test_nobody_writes_the_past(desk: Desk, old: dict[str, Any]) -> None:
    for change in (
        "UPDATE permit_past SET facts = '{}'",
        "DELETE FROM permit_past",
        "INSERT INTO permit_past (town) VALUES ('x')",
    ):
        with spoken(desk, OWN) as session, pytest.raises(DatabaseError, match="permission denied"):
            session.execute(text(change))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE permit_transition SET reason = 'x'",
        "DELETE FROM permit_transition",
        "TRUNCATE permit_transition",
    ],
)
def test_even_the_owner_changes_no_recorded_step(desk: Desk, change: str) -> None:
    desk.file()
    with (
        pytest.raises(DatabaseError, match="never changed or removed"),
        owner_session(desk.database) as owner,
    ):
        owner.execute(text(f"SELECT set_config('app.town', '{BENSHEIM}', true)"))
        owner.execute(text(change))


def test_a_draft_is_thrown_away_with_its_steps(desk: Desk) -> None:
    draft = desk.client.post("/api/v1/permits", json=desk.body(status="draft")).json()
    with spoken(desk, {"actor": "public", "case": draft["permit_id"]}) as session:
        gone = session.execute(text("DELETE FROM permit"))
        assert gone.rowcount == 1  # type: ignore[attr-defined]
        assert count(session, "permit_transition") == 0
