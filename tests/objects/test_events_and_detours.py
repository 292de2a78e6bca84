"""Events with set-up time and patterns, the guard of granting them; detours."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from geo_service.db.database import owner_session
from tests.objects.conftest import DAYS, FIRST, delete, entered, feature, post, put
from tests.permits.conftest import Desk

AT = {"start": f"{FIRST}T10:00:00Z", "end": f"{FIRST}T18:00:00Z"}


def moments(desk: Desk, **moment: Any) -> dict[str, Any]:
    body = feature(desk, "events", **moment)
    for name in ("from", "until"):
        del body["properties"][name]
    return body


def send(desk: Desk, body: dict[str, Any]) -> Any:
    return desk.client.post("/api/v1/events", json=body, headers=desk.key())


def test_set_up_and_clearing_take_the_street_too(desk: Desk) -> None:
    stored = send(desk, moments(desk, **AT, set_up_hours=3, clearing_hours=1.5)).json()["properties"]
    assert (stored["period_start"], stored["period_end"]) == (f"{FIRST}T10:00:00Z", f"{FIRST}T18:00:00Z")
    assert (stored["taken_start"], stored["taken_end"]) == (f"{FIRST}T07:00:00Z", f"{FIRST}T19:30:00Z")
    with owner_session(desk.database) as owner:
        period = owner.execute(
            text("SELECT lower(period) AS low, upper(period) AS high FROM occupation")
        ).one()
    assert f"{period.low:%H:%M} {period.high:%H:%M}" == "07:00 19:30"


def test_a_weekly_market_takes_the_street_on_its_days_with_set_up(desk: Desk) -> None:
    pattern = {"weekdays": ["sat"], "from_time": "08:00", "until_time": "14:00"}
    entered(desk, "events", recurrence=pattern, set_up_hours=2, clearing_hours=1)
    with owner_session(desk.database) as owner:
        spans = owner.execute(text(
            "SELECT lower(s) AT TIME ZONE 'Europe/Berlin' AS low, upper(s) AT TIME ZONE 'Europe/Berlin' AS high"
            " FROM occupation, unnest(recurrence) AS s ORDER BY 1"
        )).all()  # fmt: skip
    assert len(spans) == 2
    assert {(f"{s.low:%H:%M}", f"{s.high:%H:%M}", s.low.isoweekday()) for s in spans} == {
        ("06:00", "15:00", 6)
    }


def test_an_event_is_granted_only_where_nothing_binding_stands(desk: Desk) -> None:
    site = entered(desk, "construction-sites", state="confirmed")
    event = entered(desk, "events", 1, 1)
    assert event["properties"]["verdict"] == "blocked"
    refused = put(desk, "events", event, feature(desk, "events", 1, 1, state="granted"))
    assert refused.status_code == 409
    # Its own finding, and what the site would have against it.
    assert {one["number"] for one in refused.json()["findings"]} == {"K01", "K18"}
    delete(desk, "construction-sites", site)
    granted = put(desk, "events", event, feature(desk, "events", 1, 1, state="granted"))
    assert granted.status_code == 200, granted.text
    stored = granted.json()
    assert stored["properties"]["next"] == ["planned", "ended", "cancelled"]
    over = put(desk, "events", stored, feature(desk, "events", 1, 1, state="ended"))
    assert over.status_code == 200
    assert put(desk, "events", over.json(), feature(desk, "events", 1, 1, state="granted")).status_code == 409
    blocked = post(desk, "construction-sites", 1, 1, state="confirmed")
    assert blocked.status_code == 201  # what has ended is in nobody's way


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"kind": "papstbesuch"}, "/properties/kind"),
        ({"set_up_hours": -1}, "/properties/set_up_hours"),
        ({"state": "confirmed"}, "/properties/state"),
        ({"until": None}, "/properties/from"),
    ],
)
def test_a_wrong_event_is_refused_with_its_place(desk: Desk, wrong: dict[str, Any], pointer: str) -> None:
    answer = post(desk, "events", **wrong)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_a_detour_belongs_to_something_of_the_own_town(desk: Desk) -> None:
    unknown = post(desk, "detours", belongs_to="3d7b1c1e-7e0a-4b51-9d4f-0a4c3a2b1c0d")
    assert [fault["pointer"] for fault in unknown.json()["errors"]] == ["/properties/belongs_to"]
    area = {**feature(desk, "detours"), "geometry": desk.draw()}
    refused = desk.client.post("/api/v1/detours", json=area, headers=desk.key())
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/geometry/type"]
    assert post(desk, "detours", modes=[]).status_code == 422
    stored = entered(desk, "detours", modes=["bus", "car"], **DAYS)
    assert stored["properties"]["modes"] == ["bus", "car"]
    assert stored["geometry"]["type"] == "LineString"
