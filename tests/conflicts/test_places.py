"""Fixed objects of the place rules: keys, words, indexes, and stored findings that follow a changed object."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import catalogue_of, make_rulebook, rule_documents, rulebook
from geo_service.conflicts.check import CheckQuestion, OtherRequest, check_binds
from geo_service.conflicts.finding import finding_document
from geo_service.conflicts.recompute_near import occupations_near, recompute_near
from geo_service.conflicts.stored_findings import list_findings, recompute_findings
from geo_service.db.database import Database, speak_as
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import NOWHERE
from geo_service.occupations.parameters import TownParameter, parameters

TODAY = date(2026, 5, 1)
AS_OF = datetime(2026, 5, 1, 10, 0, tzinfo=TOWN_ZONE)
BENSHEIM, HEPPENHEIM = "06431002", "06431011"


@pytest.fixture
def scene(scenery: Any, empty_database: Database, empty_session: Session) -> Any:
    """Two towns side by side; their border runs north at x = 1000, which is exact."""
    scenery.add_town(
        empty_database, ags=BENSHEIM, name="Bensheim", rect=[-1000, -1000, 2000, 2000], accuracy_m=0
    )
    scenery.add_town(
        empty_database, ags=HEPPENHEIM, name="Heppenheim", rect=[1000, -1000, 2000, 2000], accuracy_m=0
    )
    speak_as(empty_session, actor="operator")
    made = scenery.Scene(empty_session)
    made.add_place = lambda **words: scenery.add_place(empty_session, words)
    made.add_road = lambda **words: scenery.add_road(empty_session, words)
    made.shape = scenery.place
    return made


def store(scene: Any, words: dict[str, Any], state: str = "submitted") -> int:
    occupation_id: int = scene.store(words, state=state)
    recompute_findings(scene.session, occupation_id, as_of=AS_OF)
    return occupation_id


def found(scene: Any, occupation_id: int) -> list[tuple[str, str]]:
    return [(f.number, f.severity) for f in list_findings(scene.session, occupation_id)]


def test_each_object_is_a_finding_of_its_own(scene: Any) -> None:
    for number, x in enumerate((0, 8)):
        scene.add_place(object="fire_area", kind="stand", rect=[x, 0, 4, 4], id=f"way/{number}")
    checked = scene.check({"rect": [0, 0, 12, 4]})
    stored = list_findings(scene.session, store(scene, {"rect": [0, 0, 12, 4]}))
    for findings in (checked.findings, stored):
        assert [(f.number, f.severity, f.measured) for f in findings] == [("K07", "block", 16.0)] * 2
        assert len({f.finding_id for f in findings}) == len({f.fixed.source_id for f in findings}) == 2
    assert {f.fixed for f in checked.findings} == {f.fixed for f in stored}
    assert {f.fixed.town for f in stored} == {BENSHEIM}


def test_an_object_that_is_imported_anew_keeps_its_findings(scene: Any) -> None:
    scene.add_place(object="fire_area", rect=[0, 0, 4, 4], id="way/1")
    mine = store(scene, {})
    (before,) = list_findings(scene.session, mine)
    scene.session.execute(text("DELETE FROM fire_area"))
    scene.add_place(object="fire_area", rect=[0, 0, 4, 3], id="way/1")
    recompute_findings(scene.session, mine, as_of=AS_OF)
    (after,) = list_findings(scene.session, mine)
    assert (after.finding_id, before.measured, after.measured) == (before.finding_id, 16.0, 12.0)


def test_the_words_name_the_object_and_the_map_shows_what_is_shared(scene: Any) -> None:
    scene.add_place(object="fire_area", kind="stand", rect=[6, 0, 10, 4])
    scene.session.execute(text("UPDATE fire_area SET name = 'Rathaus'"))
    scene.add_place(object="facility", kind="hydrant", point=[-1, 1])
    fire_area, hydrant = list_findings(scene.session, store(scene, {}))
    assert "Aufstellfläche der Feuerwehr „Rathaus“" in fire_area.explanation["de"]
    assert fire_area.explanation["en"].endswith("Set-up area of the fire brigade “Rathaus”.")
    assert "16 m²" in fire_area.explanation["de"]
    assert shapely.from_wkb(fire_area.ewkb).area == pytest.approx(16)
    assert "bleiben 1 m, freizuhalten sind 1,5 m (Hydrant)." in hydrant.explanation["de"]
    assert shapely.from_wkb(hydrant.ewkb).length == pytest.approx(1)
    shown = finding_document(fire_area)
    assert (shown["object"]["kind"], shown["object"]["id"], shown["other"]) == (
        "fire_area",
        fire_area.fixed.source_id,
        None,
    )


def test_a_finding_tells_when_mine_meets_a_blackout(scene: Any) -> None:
    scene.add_place(
        object="blackout",
        title="Abendmarkt",
        rect=[0, 0, 10, 4],
        days=[date(2026, 6, 5), date(2026, 6, 30)],
        every={"weekdays": ["fri"], "hours": ["16:00", "22:00"]},
    )
    (finding,) = list_findings(scene.session, store(scene, {"every": {"hours": ["20:00", "06:00"]}}))
    # 1.–14. June has two Fridays: the 5th and the 12th, each from 20 to 22.
    assert finding.during.start == datetime(2026, 6, 5, 20, tzinfo=TOWN_ZONE)
    assert finding.during.end == datetime(2026, 6, 12, 22, tzinfo=TOWN_ZONE)
    assert "„Abendmarkt“" in finding.explanation["de"]


def test_what_is_always_there_is_there_at_any_time(scene: Any) -> None:
    written = next(rule for rule in rulebook().rules if rule.name == "hydrant_access")
    rule = replace(written, conditions={"applies": "same_time", "block": "true"})
    scene.add_place(object="facility", kind="hydrant", point=[5, 2])
    found = catalogue_of(make_rulebook((rule,), parameters()), (), None, TODAY)
    nobody_knows_when_i_end = {"days": [date(2026, 6, 1), None]}
    assert [finding.severity for finding in scene.check(nobody_knows_when_i_end, found).findings] == ["block"]


def test_a_closed_segment_is_named_and_needed_for_the_grant(scene: Any) -> None:
    scene.add_road(
        line=[[-100, 0], [100, 0]], id="s1", name="Hauptstraße", number="B 3", functions=["main_road"]
    )
    scene.add_road(line=[[100, 0], [200, 0]], id="s2", functions=["rescue_axis"])
    words = {"restriction": "full_closure", "rect": [0, -4, 10, 8], "closed_segments": ["s2"]}
    named = {f.segment_id: f for f in scene.check(words).findings if f.number == "K09"}
    assert set(named) == {"s1", "s2"}
    assert "Voll gesperrt wird: Hauptstraße (B 3)." in named["s1"].explanation["de"]
    assert "Voll gesperrt wird: eine Straße ohne Namen." in named["s2"].explanation["de"]
    assert all(f.needed_for_grant for f in named.values())
    assert named["s2"].geometry["type"] == "LineString"


def test_the_hours_of_the_way_to_school_are_values_of_the_rule(scene: Any) -> None:
    late = TownParameter(
        town=BENSHEIM, parameter="school_morning_until_h", first_day=TODAY, value=9, legal_source="§"
    )
    everyone = catalogue_of(rulebook(), (late,), None, TODAY)
    bensheim = catalogue_of(rulebook(), (late,), BENSHEIM, TODAY)
    scene.add_place(object="facility", kind="school", rect=[0, 10, 50, 50])
    words = {"takes": ["footway"], "instants": ["2026-06-08T08:45+02:00", "2026-06-08T12:00+02:00"]}
    assert "K17" not in {f.number for f in scene.check(words, everyone).findings}
    assert "K17" in {f.number for f in scene.check(words, bensheim).findings}
    place = [rule.name for rule in everyone.rules].index("school_way")
    assert everyone.versions[place] != bensheim.versions[place]
    shown = next(rule for rule in rule_documents(bensheim) if rule["rule"] == "school_way")
    assert [p["value"] for p in shown["parameters"] if p["name"] == "school_morning_until_h"] == [9]


def enter_blackout(scene: Any, **words: Any) -> Any:
    """As an endpoint does: store, then compute what it concerns anew."""
    words = {"rect": [990, 0, 40, 4], "days": [date(2026, 6, 1), date(2026, 6, 30)], **words}
    key = scene.add_place(object="blackout", **words)
    return key, scene.shape(words)


def test_a_blackout_that_is_entered_gives_findings_and_its_cancelling_takes_them_away(scene: Any) -> None:
    first = store(scene, {"rect": [990, 0, 10, 4]})
    second = store(scene, {"rect": [995, 0, 10, 4]})  # a pair: its findings must stay as they are
    neighbour = store(scene, {"rect": [1020, 0, 10, 4]})  # a case of the other town
    elsewhere = store(scene, {"rect": [-500, 0, 10, 4]})
    before = {one: found(scene, one) for one in (first, second, neighbour, elsewhere)}
    speak_as(scene.session, actor="clerk", town=BENSHEIM)
    key, area = enter_blackout(scene)
    assert len(recompute_near(scene.session, area, as_of=AS_OF)) == 3
    assert scene.session.execute(text("SELECT current_actor(), current_town()")).one() == ("clerk", BENSHEIM)
    speak_as(scene.session, actor="operator")
    for one in (first, second, neighbour):
        assert sorted(found(scene, one)) == sorted([("K19", "block"), *before[one]])
    assert found(scene, elsewhere) == before[elsewhere]
    # What the neighbour's desk sees is its own case's finding.
    speak_as(scene.session, actor="clerk", town=HEPPENHEIM)
    assert ("K19", "block") in found(scene, neighbour)

    speak_as(scene.session, actor="clerk", town=BENSHEIM)
    scene.session.execute(
        text("UPDATE blackout SET cancelled_at = now() WHERE blackout_id = :id"), {"id": key}
    )
    recompute_near(scene.session, area, as_of=AS_OF)
    speak_as(scene.session, actor="operator")
    assert {one: found(scene, one) for one in before} == before


def test_computed_near_an_object_is_as_computed_one_by_one(scene: Any) -> None:
    scene.add_place(object="fire_area", rect=[0, 0, 4, 4])
    ids = [store(scene, {"rect": [x, 0, 10, 4], "takes": ["footway"]}) for x in (0, 5, 30)]
    scene.add_place(object="facility", kind="school", point=[100, 0])
    assert len(recompute_near(scene.session, scene.shape({"rect": [99, 0, 2, 2]}), as_of=AS_OF)) == 3
    together = [list_findings(scene.session, one) for one in ids]
    assert all("K17" in {f.number for f in findings} for findings in together)
    for one in ids:
        recompute_findings(scene.session, one, as_of=AS_OF)
    assert [list_findings(scene.session, one) for one in ids] == together


def test_everything_a_place_rule_may_look_at_is_near(scene: Any) -> None:
    scene.add_road(line=[[0, 0], [900, 0]], id="long")
    on_the_street = store(scene, {"restriction": "full_closure", "rect": [0, -4, 10, 8]})
    listing = store(scene, {"rect": [-900, 500, 10, 8], "closed_segments": ["long"]})
    school_reach = store(scene, {"rect": [690, 100, 10, 4]})
    store(scene, {"rect": [600, 400, 10, 4]})
    hospital = scene.shape({"rect": [899, 40, 2, 2]})
    assert occupations_near(scene.session, hospital, as_of=AS_OF) == [on_the_street, listing, school_reach]
    scene.add_place(object="facility", kind="hospital", rect=[899, 40, 2, 2])
    recompute_near(scene.session, hospital, as_of=AS_OF)
    assert ("K09", "warn") in found(scene, on_the_street)
    assert ("K09", "warn") in found(scene, listing)
    ended = scene.store({"restriction": "full_closure", "rect": [0, -4, 10, 8]}, state="ended")
    assert ended not in occupations_near(scene.session, hospital, as_of=AS_OF)


INDEXES = {
    "facility_place_gist": "place && st_expand(",
    "fire_area_place_gist": "place && st_expand(",
    "blackout_gist": "area && st_expand(",
    "no_dig_period_gist": "area && st_expand(",
    "reinstatement_gist": "area && st_expand(",
    "road_segment_gid_pkey": "gid = ",
}


@pytest.mark.parametrize("name", ["check", "check_among_requests"])
@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
def test_objects_are_found_by_their_spatial_index(scene: Any, scenery: Any, name: str, mode: str) -> None:
    found_rules = catalogue_of(rulebook(), (), None, TODAY)
    mine = scenery.occupation({}, state="submitted")
    binds = check_binds(
        found_rules,
        CheckQuestion(mine=mine, location=NOWHERE, others=(OtherRequest(occupation=mine),)),
        as_of=AS_OF,
    )
    statement = getattr(found_rules.book, name)
    scene.session.execute(text("SET LOCAL enable_seqscan = off"))
    scene.session.execute(text(f"SET LOCAL plan_cache_mode = {mode}"))
    wanted = {key: value for key, value in binds.items() if key in statement._bindparams}
    plan = [row[0].strip() for row in scene.session.execute(text(f"EXPLAIN {statement.text}"), wanted)]
    assert (
        sum(" facility_place_gist" in line for line in plan) == 4
    )  # schools, stops, hydrants, ways to a hospital
    for index, condition in INDEXES.items():
        places = [i for i, line in enumerate(plan) if f" {index}" in line]
        assert places, (index, plan)
        # The condition stands below a plain or a bitmap scan of the index.
        assert any(condition in line for i in places for line in plan[i + 1 : i + 3]), (index, plan)
    for table in ("facility", "fire_area", "blackout", "no_dig_period", "reinstatement"):
        assert not any(f"Seq Scan on {table}" in line for line in plan), (table, plan)


def test_an_occupation_without_an_area_meets_no_object(scene: Any, scenery: Any) -> None:
    scene.add_place(object="fire_area", rect=[0, 0, 10, 4])
    line = shapely.LineString([(470_000, 5_505_000), (470_010, 5_505_000)])
    detour = replace(scenery.occupation({"collection": "detours"}, state="planned"), area=None, detour=line)
    from geo_service.conflicts.check import check_with

    found_rules = catalogue_of(rulebook(), (), None, TODAY)
    question = CheckQuestion(mine=detour, location=NOWHERE)
    assert "K07" not in {
        f.number for f in check_with(scene.session, found_rules, question, as_of=AS_OF).findings
    }
