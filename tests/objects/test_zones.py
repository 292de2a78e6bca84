"""Places with a rule of their own: what they refuse, what they meet, and that findings near them are made anew."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from geo_service.db.database import owner_session, speak_as
from tests.objects.conftest import FIRST, address, delete, entered, feature, post, put
from tests.permits.conftest import BENSHEIM, HEPPENHEIM, Desk

ZONES = ("blackouts", "no-dig-periods", "reinstatements", "fire-areas")


def findings(desk: Desk) -> set[str]:
    with owner_session(desk.database) as owner:
        speak_as(owner, actor="operator")
        return set(owner.execute(text("SELECT number FROM finding")).scalars())


def forget_findings(desk: Desk) -> None:
    with owner_session(desk.database) as owner:
        speak_as(owner, actor="operator")
        owner.execute(text("DELETE FROM finding"))


@pytest.mark.parametrize("path", ZONES)
def test_findings_near_a_place_are_made_anew_when_it_is_entered_moved_or_cancelled(
    desk: Desk, path: str
) -> None:
    desk.file(1, 1, takes=["footway"])  # has a finding of its own: no traffic order
    assert "K26" in findings(desk)
    forget_findings(desk)
    far = entered(desk, path, 500, 500)
    assert findings(desk) == set()
    near = put(desk, path, far, feature(desk, path))
    assert near.status_code == 200
    assert "K26" in findings(desk)
    forget_findings(desk)
    away = put(desk, path, near.json(), feature(desk, path, 500, 500)).json()
    assert "K26" in findings(desk)  # it has left
    here = put(desk, path, away, feature(desk, path)).json()
    forget_findings(desk)
    delete(desk, path, here)
    assert "K26" in findings(desk)


def test_a_place_at_the_border_reaches_the_neighbours_cases(desk: Desk) -> None:
    """No clerk may write findings of another town; the place is entered all the same and they are made anew."""
    with owner_session(desk.database) as owner:
        place = owner.execute(text(
            "SELECT ST_X(p) AS x, ST_Y(p) AS y FROM (SELECT ST_PointOnSurface(ST_Intersection(ST_Boundary(a.boundary),"
            " ST_Boundary(b.boundary))) AS p FROM town AS a, town AS b WHERE a.ags = '06431002' AND b.ags = '06431011') AS t"
        )).one()  # fmt: skip
    desk.centres["border"] = (place.x - 5, place.y - 2)
    desk.file(town="border")
    with owner_session(desk.database) as owner:
        speak_as(owner, actor="operator")
        owner.execute(text("UPDATE occupation SET town = :town, town_chosen = :town"), {"town": HEPPENHEIM})
        owner.execute(text("DELETE FROM finding"))
    answer = post(desk, "blackouts", town="border")
    assert answer.status_code == 201, answer.text
    with owner_session(desk.database) as owner:
        speak_as(owner, actor="operator")
        towns = set(owner.execute(text("SELECT mine_town FROM finding")).scalars())
    assert towns == {HEPPENHEIM}
    assert answer.json()["properties"]["history"][0]["by"] == f"clerk {BENSHEIM}"


def test_what_stands_there_is_told_cut_to_the_reader(desk: Desk) -> None:
    mine = desk.file(1, 1)
    day_after = {"from": "2100-01-01", "until": "2100-01-02"}
    stored = entered(desk, "blackouts")
    assert [one["reference"] for one in stored["properties"]["affected"]] == [mine["reference"]]
    later = put(desk, "blackouts", stored, feature(desk, "blackouts", **day_after))
    assert later.json()["properties"]["affected"] == []
    back = put(desk, "blackouts", later.json(), feature(desk, "blackouts")).json()
    assert back["properties"]["affected"]
    assert delete(desk, "blackouts", back).json()["properties"]["affected"] == []


def test_a_nightly_blackout_does_not_meet_what_stands_by_day(desk: Desk) -> None:
    desk.file(1, 1, recurrence={"from_time": "10:00", "until_time": "12:00"})
    night = {"from_time": "22:00", "until_time": "05:00"}
    stored = entered(desk, "blackouts", recurrence=night)
    assert stored["properties"]["affected"] == []
    assert stored["properties"]["recurrence"]["from_time"] == "22:00:00"
    with owner_session(desk.database) as owner:
        spans = owner.execute(text("SELECT count(*) FROM blackout, unnest(recurrence)")).scalar_one()
    assert spans == 15  # thirteen nights, and what is left of one at both ends


@pytest.mark.parametrize(
    ("path", "wrong", "pointer"),
    [
        ("blackouts", {"refuses": []}, "/properties/refuses"),
        ("blackouts", {"refuses": ["alles"]}, "/properties/refuses/0"),
        ("blackouts", {"state": "in_force"}, "/properties/state"),
        ("blackouts", {"recurrence": {"weekdays": ["sunday"]}}, "/properties/recurrence/weekdays/0"),
        ("reinstatements", {"accepted_on": "gestern"}, "/properties/accepted_on"),
        ("reinstatements", {"accepted_on": "2199-01-01"}, "/properties/accepted_on"),
        ("reinstatements", {"source_id": "3d7b1c1e-7e0a-4b51-9d4f-0a4c3a2b1c0d"}, "/properties/source_id"),
        ("fire-areas", {"kind": "parken"}, "/properties/kind"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(
    desk: Desk, path: str, wrong: dict[str, Any], pointer: str
) -> None:
    answer = post(desk, path, **wrong)
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_a_blackout_refuses_all_digging_or_named_uses(desk: Desk) -> None:
    for refuses in (["all"], ["digging"], ["geruest", "container"]):
        assert entered(desk, "blackouts", refuses=refuses)["properties"]["refuses"] == refuses
    assert entered(desk, "blackouts", refuses=["kran", "kran"])["properties"]["refuses"] == ["kran"]


def test_a_no_dig_period_may_last_ten_years(desk: Desk) -> None:
    until = FIRST.replace(year=FIRST.year + 10, day=1).isoformat()
    assert entered(desk, "no-dig-periods", until=until)["properties"]["until"] == until


def test_what_an_import_wrote_is_cancelled_and_not_rewritten(desk: Desk) -> None:
    x, y = desk.centres[BENSHEIM]
    with owner_session(desk.database) as owner:
        speak_as(owner, actor="operator")
        owner.execute(text(
            "INSERT INTO fire_area (kind, name, place, town, source, source_id)"
            " VALUES ('drive', 'Zufahrt', ST_Buffer(ST_SetSRID(ST_Point(:x, :y), 25832), 5), :town, 'osm', 'way/1')"
        ), {"x": x, "y": y, "town": BENSHEIM})  # fmt: skip
    one = desk.client.get(address("fire-areas"), headers=desk.key()).json()["features"][0]
    assert (one["properties"]["title"], one["properties"]["source"]) == ("Zufahrt", "osm")
    assert put(desk, "fire-areas", one, feature(desk, "fire-areas")).status_code == 409
    assert delete(desk, "fire-areas", one).status_code == 200


def test_one_dig_has_one_reinstatement(desk: Desk) -> None:
    site = entered(desk, "construction-sites", excavation=True)
    first = entered(desk, "reinstatements", source_id=site["id"])
    assert first["properties"]["source_id"] == site["id"]
    assert post(desk, "reinstatements", source_id=site["id"]).status_code == 409


@pytest.mark.parametrize(
    ("path", "number", "severity", "use"),
    [
        ("blackouts", "K19", "block", {}),
        ("no-dig-periods", "K20", "block", {"excavation": True}),
        ("reinstatements", "K21", "warn", {"excavation": True}),
        ("fire-areas", "K07", "block", {}),
    ],
)
def test_the_rule_of_a_place_is_found_as_long_as_the_place_is_in_force(
    desk: Desk, path: str, number: str, severity: str, use: dict[str, Any]
) -> None:
    receipt = desk.file(1, 1, **use)

    def found() -> list[str]:
        case = desk.client.get(f"/api/v1/permits/{receipt['reference']}", headers=desk.key()).json()
        return [one["severity"] for one in case["properties"]["findings"] if one["number"] == number]

    assert found() == []
    stored = entered(desk, path)
    assert found() == [severity]
    away = put(desk, path, stored, feature(desk, path, 300, 300))
    assert found() == []
    here = put(desk, path, away.json(), feature(desk, path))
    assert found() == [severity]
    delete(desk, path, here.json())
    assert found() == []


def test_a_granted_event_may_not_stand_in_a_blackout(desk: Desk) -> None:
    blackout = entered(desk, "blackouts", refuses=["all"])
    refused = post(desk, "events", 1, 1, state="granted")
    assert refused.status_code == 409
    assert {one["number"] for one in refused.json()["findings"]} == {"K19"}
    assert "Weihnachtsmarkt" in refused.json()["findings"][0]["explanation"]["de"]
    delete(desk, "blackouts", blackout)
    assert post(desk, "events", 1, 1, state="granted").status_code == 201
