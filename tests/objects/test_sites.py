"""Construction sites: every field, their life, the guard, whom to call, patterns, detours and the acceptance of a dig."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.db.database import owner_session, speak_as
from tests.objects.conftest import DAYS, FIRST, address, delete, entered, feature, line, post, put
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk

SITES = "construction-sites"


def rows(desk: Desk, query: str, **values: Any) -> list[Any]:
    with owner_session(desk.database) as owner:
        speak_as(owner, actor="operator", town=BENSHEIM)
        return list(owner.execute(text(query), values))


def add_street(desk: Desk) -> None:
    with owner_session(desk.database) as owner:
        speak_as(owner, actor="operator")
        owner.execute(text(
            "INSERT INTO road_segment (segment_id, town, street_name, road_class, highway, axis, in_service, modes,"
            " carriageway_width_m, width_source, source, source_id) VALUES ('seg-1', :town, 'Weg', 'gemeindestrasse',"
            " 'residential', ST_SetSRID(ST_MakeLine(ST_Point(:x - 50, :y), ST_Point(:x + 50, :y)), 25832), true,"
            " '{car}', 6, 'assumed', 'osm', '1')"
        ), {"town": BENSHEIM, "x": desk.centres[BENSHEIM][0], "y": desk.centres[BENSHEIM][1] + 2})  # fmt: skip


def test_every_field_comes_back_as_it_was_stated(desk: Desk) -> None:
    add_street(desk)
    everything = {
        "title": "Kanal", "state": "confirmed", "case_number": "66-12", "kind": "leitungsbau", "utility": 5000,
        "excavation": True, "recurrence": {"weekdays": ["mon", "tue"], "from_time": "22:00:00", "until_time": "05:00:00", "season": None},
        "start_verified": True, "end_verified": True, "actual_from": "2026-01-05", "actual_until": "2026-01-09",
        "is_public": False, "restriction": "half_closure_signals", "takes": ["carriageway"],
        "remaining_carriageway_m": 3.5, "remaining_footway_m": 1.5, "pedestrian_guidance": "unchanged",
        "cycle_guidance": "diverted", "closed_segments": ["seg-1"],
        "traffic_order": {"number": "VRA 7", "authority": "Stadt", **DAYS}, "consents": ["fire_brigade"],
        "client": "Stadtwerke", "contractor": "Tiefbau GmbH", "phone_24h": "06251 123456",
        "public_transport_affected": True, "confidence": "verified", **DAYS,
    }  # fmt: skip
    stored = entered(desk, SITES, **everything)
    told = stored["properties"]
    assert {name: told[name] for name in everything} == everything
    assert told["takes_derived"] is False
    assert told["accepted_on"] is None
    again = {**feature(desk, SITES), "properties": everything}
    assert put(desk, SITES, stored, again).json()["properties"]["history"][-1]["fields"] == []


def test_whom_to_call_is_for_the_own_desk_only(desk: Desk) -> None:
    stored = entered(desk, SITES, phone_24h="+49 6251 9")
    fragments = rows(desk, "SELECT fragment_crs84 || fragment_25832 AS both FROM construction_site")
    assert "6251 9" not in fragments[0].both
    assert "6251 9" not in str(rows(desk, "SELECT document FROM object_change")[0])
    assert "6251 9" not in desk.client.get("/ogc/collections/construction_sites/items").text
    with Session(desk.app.state.engine) as session:
        for town, seen in ((BENSHEIM, 1), (VIERNHEIM, 0)):
            speak_as(session, actor="clerk", town=town)
            assert session.execute(text("SELECT count(*) FROM site_contact")).scalar_one() == seen
            session.rollback()
    without = put(desk, SITES, stored, feature(desk, SITES))
    assert without.json()["properties"]["phone_24h"] is None
    assert rows(desk, "SELECT 1 FROM site_contact") == []


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"state": "done"}, "/properties/state"),
        ({"kind": "raumfahrt"}, "/properties/kind"),
        ({"utility": 42}, "/properties/utility"),
        ({"phone_24h": "call me"}, "/properties/phone_24h"),
        ({"remaining_carriageway_m": -1}, "/properties/remaining_carriageway_m"),
        ({"actual_until": "2026-01-01"}, "/properties/actual_from"),
        ({"actual_from": "2026-01-02", "actual_until": "2026-01-01"}, "/properties/actual_until"),
        ({"detour": {"type": "Point", "coordinates": [8.62, 49.68]}}, "/properties/detour/type"),
        ({"recurrence": {"season": {"from": "01-01", "until": "01-02"}}}, "/properties/recurrence"),
        ({"traffic_order": {"from": "2026-02-02", "until": "2026-02-01"}}, "/properties/traffic_order/until"),
        ({"closed_segments": ["seg-9"]}, "/properties/closed_segments/0"),
        ({"case_group": str(uuid4())}, "/properties/case_group"),
        ({"accepted_on": "2026-02-01"}, "/properties/accepted_on"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_its_place(desk: Desk, wrong: dict[str, Any], pointer: str) -> None:
    if "recurrence" in wrong and not FIRST.month < 11:
        wrong = {"recurrence": {"season": {"from": "06-01", "until": "06-02"}}}
    answer = post(desk, SITES, **wrong)
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert rows(desk, "SELECT 1 FROM construction_site UNION ALL SELECT 1 FROM occupation") == []


def test_all_faults_are_told_at_once(desk: Desk) -> None:
    broken = {
        **feature(desk, SITES, until="2020-01-01"),
        "geometry": {"type": "Point", "coordinates": [0, 0]},
    }
    answer = desk.client.post(address(SITES), json=broken, headers=desk.key())
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {
        "/properties/until", "/geometry/coordinates",
    }  # fmt: skip


def test_an_end_that_is_not_known_stays_open(desk: Desk) -> None:
    body = feature(desk, SITES)
    del body["properties"]["until"]
    stored = desk.client.post(address(SITES), json=body, headers=desk.key()).json()
    assert (stored["properties"]["until"], stored["properties"]["period_end"]) == (None, None)
    assert rows(desk, "SELECT end_known FROM occupation")[0].end_known is False


def test_a_site_lives_through_its_states_and_no_other_way(desk: Desk) -> None:
    stored = entered(desk, SITES)
    assert stored["properties"]["next"] == ["confirmed", "active", "cancelled"]
    for state in ("confirmed", "planned", "confirmed", "active", "ended"):
        answer = put(desk, SITES, stored, feature(desk, SITES, state=state))
        assert answer.status_code == 200, answer.text
        stored = answer.json()
        assert stored["properties"]["state"] == state
    for state in ("planned", "confirmed", "active", "cancelled"):
        refused = put(desk, SITES, stored, feature(desk, SITES, state=state))
        assert refused.status_code == 409, state
    assert delete(desk, SITES, stored).status_code == 409
    assert post(desk, SITES, state="ended").status_code == 409
    assert post(desk, SITES, state="cancelled").status_code == 409


def test_confirming_over_a_block_is_refused_with_the_findings(desk: Desk) -> None:
    entered(desk, SITES, state="confirmed", title="Fernwärme")
    planned = entered(desk, SITES, 1, 1)
    assert planned["properties"]["verdict"] == "blocked"
    assert [one["number"] for one in planned["properties"]["findings"]][:1] == ["K01"]
    refused = put(desk, SITES, planned, feature(desk, SITES, 1, 1, state="confirmed"))
    assert refused.status_code == 409
    told = refused.json()
    assert [one["number"] for one in told["findings"]] == ["K01"]
    assert "Fernwärme" in told["findings"][0]["explanation"]["de"]
    assert "{other" not in refused.text
    assert post(desk, SITES, 2, 2, state="active").status_code == 409
    states = rows(desk, "SELECT state FROM construction_site ORDER BY state")
    assert [row.state for row in states] == ["confirmed", "planned"]


def test_cancelling_gives_the_place_back_on_both_sides(desk: Desk) -> None:
    standing = entered(desk, SITES, state="confirmed")
    planned = entered(desk, SITES, 1, 1)
    assert delete(desk, SITES, standing).json()["properties"]["findings"] == []
    free = desk.client.get(address(SITES, planned["id"]), headers=desk.key()).json()
    assert [one for one in free["properties"]["findings"] if one["number"] == "K01"] == []
    occupation = rows(desk, "SELECT state, counts FROM occupation WHERE source_id = :id", id=standing["id"])
    assert [(row.state, row.counts) for row in occupation] == [("cancelled", False)]


def test_nightly_works_do_not_meet_a_market_at_noon(desk: Desk) -> None:
    night = {"from_time": "22:00", "until_time": "05:00"}
    entered(desk, SITES, state="confirmed", recurrence=night)
    noon = {"from_time": "10:00", "until_time": "14:00"}
    quiet = entered(desk, SITES, 1, 1, recurrence=noon)
    assert "K01" not in {one["number"] for one in quiet["properties"]["findings"]}
    late = {"from_time": "21:00", "until_time": "23:00"}
    meets = put(desk, SITES, quiet, feature(desk, SITES, 1, 1, recurrence=late)).json()
    assert "K01" in {one["number"] for one in meets["properties"]["findings"]}


def test_what_belongs_together_is_not_compared(desk: Desk) -> None:
    first = entered(desk, SITES, state="confirmed")
    second = post(desk, SITES, 1, 1, state="confirmed", case_group=first["id"])
    assert second.status_code == 201, second.text
    assert second.json()["properties"]["case_group"] == first["id"]
    theirs = desk.client.post(
        address(SITES), headers=desk.key(town=VIERNHEIM),
        json=feature(desk, SITES, town=VIERNHEIM, case_group=first["id"]),
    )  # fmt: skip
    assert theirs.status_code == 422  # no desk escapes the comparison with another town's works


def test_a_site_names_its_detours_and_is_not_compared_with_them(desk: Desk) -> None:
    site = entered(desk, SITES, state="confirmed", restriction="full_closure", takes=["carriageway"])
    signed = entered(desk, "detours", belongs_to=site["id"], state="confirmed", title="U 3")
    assert signed["properties"]["findings"] == []
    read = desk.client.get(address(SITES, site["id"]), headers=desk.key()).json()
    assert read["properties"]["detours"] == [{"id": signed["id"], "title": "U 3", "state": "confirmed"}]
    second = entered(desk, SITES, 300, case_group=site["id"])
    entered(desk, "detours", belongs_to=second["id"])
    assert len(rows(desk, "SELECT DISTINCT case_group FROM occupation")) == 1
    drawn = put(desk, SITES, site, feature(desk, SITES, detour=line(desk, (0, 50), (300, 50))))
    assert drawn.json()["properties"]["detour"]["type"] == "LineString"
    assert rows(desk, "SELECT ST_Length(detour) AS m FROM occupation WHERE source_id = :id", id=site["id"])[
        0
    ].m == pytest.approx(300, abs=0.5)


def test_the_first_filing_stays_when_a_site_is_changed(desk: Desk) -> None:
    stored = entered(desk, SITES)
    with owner_session(desk.database) as owner:
        speak_as(owner, actor="operator")
        owner.execute(text("UPDATE occupation SET filed_at = :at"), {"at": datetime(2026, 1, 1, tzinfo=UTC)})
    changed = put(desk, SITES, stored, feature(desk, SITES, title="Neu"))
    assert changed.json()["properties"]["filed_at"] == "2026-01-01T00:00:00Z"


def test_accepting_an_own_dig_writes_a_reinstatement_once(desk: Desk) -> None:
    stored = entered(desk, SITES, state="active", excavation=True)
    early = put(
        desk, SITES, stored, feature(desk, SITES, state="active", excavation=True, accepted_on="2026-03-01")
    )
    assert early.status_code == 422
    undug = put(desk, SITES, stored, feature(desk, SITES, state="ended", accepted_on="2026-03-01"))
    assert undug.status_code == 422
    ended = put(desk, SITES, stored, feature(desk, SITES, state="ended", excavation=True)).json()
    assert rows(desk, "SELECT 1 FROM reinstatement") == []
    for day in ("2026-03-01", "2026-03-01", "2026-03-02"):
        ended = put(
            desk, SITES, ended, feature(desk, SITES, state="ended", excavation=True, accepted_on=day)
        ).json()
        assert ended["properties"]["accepted_on"] == day
    listed = desk.client.get(address("reinstatements"), headers=desk.key()).json()["features"]
    assert [(one["properties"]["source_id"], one["properties"]["accepted_on"]) for one in listed] == [
        (stored["id"], "2026-03-02")
    ]
    one = desk.client.get(address("reinstatements", listed[0]["id"]), headers=desk.key()).json()
    assert [step["deed"] for step in one["properties"]["history"]] == ["created", "changed"]
    assert one["geometry"] == ended["geometry"]
    assert delete(desk, "reinstatements", one).status_code == 200
    kept = put(
        desk, SITES, ended, feature(desk, SITES, state="ended", excavation=True, accepted_on="2026-03-03")
    )
    assert kept.status_code == 200
    again = desk.client.get(address("reinstatements", one["id"]), headers=desk.key()).json()
    assert again["properties"]["state"] == "cancelled"  # what a clerk took back stays taken back


def test_an_area_across_the_border_belongs_to_the_desk_that_enters_it(desk: Desk) -> None:
    with owner_session(desk.database) as owner:
        place = owner.execute(text(
            "SELECT ST_X(p) AS x, ST_Y(p) AS y FROM (SELECT ST_PointOnSurface(ST_Intersection(ST_Boundary(a.boundary),"
            " ST_Boundary(b.boundary))) AS p FROM town AS a, town AS b WHERE a.ags = '06431002' AND b.ags = '06431011') AS t"
        )).one()  # fmt: skip
    desk.centres["border"] = (place.x - 5, place.y - 5)
    body = feature(desk, SITES, town="border")
    for town in (BENSHEIM, "06431011"):
        answer = desk.client.post(address(SITES), json=body, headers=desk.key(town=town))
        assert answer.status_code == 201, answer.text
        assert answer.json()["properties"]["town"] == town


def test_days_are_whole_days(desk: Desk) -> None:
    stored = entered(desk, SITES)["properties"]
    assert (stored["from"], stored["until"]) == (DAYS["from"], DAYS["until"])
    span = datetime.fromisoformat(stored["period_end"]) - datetime.fromisoformat(stored["period_start"])
    assert abs(span - timedelta(days=14)) <= timedelta(hours=1)
