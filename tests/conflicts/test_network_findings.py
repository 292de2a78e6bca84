"""Network findings of stored closures: they follow every change of others, across towns and whoever changes them."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from geo_service.conflicts.catalogue import Catalogue, catalogue_of, make_rulebook, rulebook
from geo_service.conflicts.check import CheckQuestion, check_with
from geo_service.conflicts.check_together import check_together
from geo_service.conflicts.detour_offer import find_detour_offer
from geo_service.conflicts.recompute_many import recompute_many
from geo_service.conflicts.stored_findings import findings_against_grant, list_findings, recompute_findings
from geo_service.conflicts.verify import verify_rules
from geo_service.db.database import Database, speak_as
from geo_service.errors import BadRuleFile
from geo_service.occupations.locate import locate, located
from geo_service.occupations.parameters import parameters
from geo_service.occupations.row import get_occupation
from geo_service.occupations.states import standing_of
from geo_service.occupations.write_occupation import save_occupation

WEST = {"ags": "06431002", "name": "Bensheim", "rect": [-1000, -1000, 1200, 2000]}
EAST = {"ags": "06431020", "name": "Viernheim", "rect": [200, -1000, 1200, 2000]}
# Feldhof, 200 m, hangs on Hauptstraße by two roads: Westweg in one town, Ostweg in the other.
ROADS: list[dict[str, Any]] = [
    {"id": "h1", "name": "Hauptstraße", "line": [[0, 0], [400, 0]], "nodes": [1, 2], "class": "kreisstrasse"},
    {"id": "h2", "name": "Hauptstraße", "line": [[400, 0], [600, 0]], "nodes": [2, 3]},
    {"id": "h3", "name": "Ringstraße", "line": [[600, 0], [600, -90], [0, -90], [0, 0]], "nodes": [3, 1]},
    {"id": "w", "name": "Westweg", "line": [[0, 0], [0, 100]], "nodes": [1, 4]},
    {"id": "f", "name": "Feldhof", "line": [[0, 100], [200, 100]], "nodes": [4, 5]},
    {"id": "o", "name": "Ostweg", "line": [[200, 100], [400, 100], [400, 0]], "nodes": [5, 2]},
]
ON_WEST: dict[str, Any] = {
    "restriction": "full_closure",
    "rect": [-5, 40, 10, 20],
    "pedestrian_guidance": "unchanged",
}
ON_EAST: dict[str, Any] = {
    "restriction": "full_closure",
    "rect": [290, 95, 20, 10],
    "pedestrian_guidance": "unchanged",
}
ON_MAIN: dict[str, Any] = {
    "restriction": "full_closure",
    "rect": [190, -5, 20, 10],
    "pedestrian_guidance": "unchanged",
}
FAR = [10_000, 0, 5, 5]


@pytest.fixture
def scene(scenery: Any, empty_database: Database, empty_session: Any) -> Any:
    for town in (WEST, EAST):
        scenery.add_town(empty_database, **town)
    speak_as(empty_session, actor="operator")
    for road in ROADS:
        scenery.add_road(empty_session, road)
    return scenery.Scene(empty_session)


def store(scene: Any, scenery: Any, words: dict[str, Any], state: str) -> int:
    occupation_id: int = scene.store(words, state=state)
    recompute_findings(scene.session, occupation_id, as_of=scenery.as_of)
    return occupation_id


def change(scene: Any, scenery: Any, occupation_id: int, **facts: Any) -> None:
    before = get_occupation(scene.session, occupation_id)
    if "state" in facts:
        standing = standing_of(before.collection, facts["state"])
        facts |= {"counts": standing.counts, "binding": standing.binding, "published": standing.published}
    save_occupation(scene.session, replace(before, **facts))
    recompute_findings(scene.session, occupation_id, as_of=scenery.as_of)


def network(scene: Any, occupation_id: int) -> list[tuple[str, str, tuple[int, ...]]]:
    """Number, severity and with whom: who is cut off by one occupation. Ways around are a matter of the cases."""
    found = list_findings(scene.session, occupation_id, both=False)
    return [(f.number, f.severity, f.together) for f in found if f.number == "K14"]


def test_a_closure_in_the_neighbour_town_is_told_to_both_and_forgotten_by_both(
    scene: Any, scenery: Any
) -> None:
    first = store(scene, scenery, ON_WEST, "granted")
    assert network(scene, first) == []
    second = store(scene, scenery, ON_EAST, "submitted")
    towns = {get_occupation(scene.session, one).town for one in (first, second)}
    assert towns == {WEST["ags"], EAST["ags"]}
    # For the one that is asked for the other is binding; the other way round it is only asked for.
    assert network(scene, second) == [("K14", "block", (first,))]
    assert network(scene, first) == [("K14", "warn", (second,))]
    change(scene, scenery, second, state="granted")
    assert network(scene, first) == [("K14", "block", (second,))]
    change(scene, scenery, second, state="revoked")
    assert network(scene, first) == network(scene, second) == []


def test_a_finding_of_the_neighbours_own_that_counts_ours_in_is_named_as_one_across_the_border(
    scene: Any, scenery: Any
) -> None:
    first = store(scene, scenery, ON_WEST, "granted")
    second = scene.store(ON_EAST, state="submitted")
    found = recompute_findings(scene.session, second, as_of=scenery.as_of)
    (theirs,) = [one for one in list_findings(scene.session, first, both=False) if one.number == "K14"]
    ours = [one.finding_id for one in found.findings if one.number == "K14"]
    assert theirs.finding_id in found.across and len(ours) == 1 and ours[0] not in found.across
    third = scene.store({**ON_MAIN, "rect": [-5, 70, 10, 5]}, state="submitted")  # in the same town
    within = recompute_findings(scene.session, third, as_of=scenery.as_of)
    assert theirs.finding_id not in within.across
    gone = get_occupation(scene.session, second)
    save_occupation(
        scene.session, replace(gone, state="revoked", counts=False, binding=False, published=False)
    )
    assert recompute_findings(scene.session, second, as_of=scenery.as_of).across == ()


def test_one_that_moves_in_time_or_place_takes_its_finding_along(scene: Any, scenery: Any) -> None:
    first = store(scene, scenery, ON_WEST, "granted")
    second = store(scene, scenery, ON_EAST, "submitted")
    there = get_occupation(scene.session, second)
    change(scene, scenery, second, area=scenery.place({"rect": FAR}))
    assert network(scene, first) == network(scene, second) == []
    change(scene, scenery, second, area=there.area)
    assert network(scene, first) == [("K14", "warn", (second,))]
    later = scenery.occupation({**ON_EAST, "days": [date(2026, 7, 1), date(2026, 7, 2)]}, state="submitted")
    change(scene, scenery, second, period=later.period)
    assert network(scene, first) == network(scene, second) == []


def test_who_becomes_decisive_when_another_one_goes_is_told(scene: Any, scenery: Any) -> None:
    """Of three on two roads, all binding: whichever two are left on both roads cut Feldhof off."""
    west = store(scene, scenery, ON_WEST, "granted")
    east = store(scene, scenery, ON_EAST, "granted")
    third = store(scene, scenery, {**ON_EAST, "rect": [230, 95, 20, 10]}, "granted")
    assert network(scene, third) == []  # the other two have cut it off already
    change(scene, scenery, east, state="revoked")
    assert network(scene, third) == [("K14", "block", (west,))]
    assert network(scene, west) == [("K14", "block", (third,))]


def test_residents_that_may_pass_end_it_for_both(scene: Any, scenery: Any) -> None:
    first = store(scene, scenery, ON_WEST, "granted")
    second = store(scene, scenery, ON_EAST, "submitted")
    change(scene, scenery, second, restriction="full_closure_residents_free")
    assert network(scene, first) == network(scene, second) == []


def test_an_applicants_change_reaches_findings_that_the_applicant_may_not_see(
    scene: Any, scenery: Any
) -> None:
    first = store(scene, scenery, ON_WEST, "granted")
    asked = scenery.occupation(ON_EAST, state="submitted")
    speak_as(scene.session, actor="public", case=str(asked.source_id))
    second = save_occupation(scene.session, asked)
    recompute_findings(scene.session, second, as_of=scenery.as_of)
    assert network(scene, second) == [("K14", "block", (first,))]
    assert network(scene, first) == []  # not for the applicant's eyes
    speak_as(scene.session, actor="clerk", town=str(WEST["ags"]))
    assert network(scene, first) == [("K14", "warn", (second,))]
    speak_as(scene.session, actor="public", case=str(asked.source_id))
    change(scene, scenery, second, state="withdrawn")
    speak_as(scene.session, actor="clerk", town=str(WEST["ags"]))
    assert network(scene, first) == []


def test_many_at_once_find_what_one_after_the_other_finds(scene: Any, scenery: Any) -> None:
    ids = [scene.store(words, state="granted") for words in (ON_WEST, ON_EAST, ON_MAIN)]
    questions = []
    for occupation_id in ids:
        mine = get_occupation(scene.session, occupation_id)
        location = locate(scene.session, mine.area, day=scenery.today)
        questions.append(CheckQuestion(mine=mine, location=location, max_findings=1000))
    recompute_many(scene.session, questions, as_of=scenery.as_of)
    at_once = [network(scene, occupation_id) for occupation_id in ids]
    for occupation_id in ids:
        recompute_findings(scene.session, occupation_id, as_of=scenery.as_of)
    assert [network(scene, occupation_id) for occupation_id in ids] == at_once
    assert any(number == "K14" for number, _, _ in at_once[0])


def test_the_second_of_two_closures_cannot_be_granted(scene: Any, scenery: Any) -> None:
    store(scene, scenery, ON_WEST, "granted")
    second = store(scene, scenery, ON_EAST, "submitted")
    against = findings_against_grant(scene.session, second, as_of=scenery.as_of)
    assert ("K14", "block") in [(finding.number, finding.severity) for finding in against]


def question(scene: Any, scenery: Any, words: dict[str, Any]) -> CheckQuestion:
    mine = scenery.occupation(words, state="submitted")
    location = locate(scene.session, mine.area, day=scenery.today)
    return CheckQuestion(mine=located(mine, location), location=location)


def only_network() -> Catalogue:
    rules = tuple(rule for rule in rulebook().rules if rule.kind == "network")
    return catalogue_of(make_rulebook(rules, parameters()), (), None, date(2026, 5, 1))


def test_a_fact_that_the_network_does_not_tell_is_refused_with_its_file(scene: Any) -> None:
    rule = next(rule for rule in rulebook().rules if rule.name == "cut_off")
    wrong = replace(rule, conditions={"applies": "network.colour = 'red'", "warn": "true"})
    with pytest.raises(BadRuleFile, match=r"cut_off\.sql:\d+: .*colour"):
        verify_rules(scene.session, make_rulebook((wrong,), parameters()))


def test_requests_of_one_check_count_in_for_each_other(scene: Any, scenery: Any) -> None:
    asked = [question(scene, scenery, words) for words in (ON_WEST, ON_EAST)]
    for result in check_together(scene.session, asked, as_of=scenery.as_of):
        found = [(f.number, f.severity, f.together) for f in result.findings if f.number == "K14"]
        assert found == [("K14", "warn", ())]
    alone = check_together(scene.session, asked[:1], as_of=scenery.as_of)[0]
    assert "K14" not in [finding.number for finding in alone.findings]


@pytest.mark.parametrize(
    "road",
    [
        {"line": [[0, 300], [100, 300]]},
        {"line": [[0, 300], [100, 300]], "nodes": [77, None]},
        {"line": [[0, 300], [100, 300]], "nodes": [77, 78]},
        {"line": [[0, 300], [100, 300], [50, 350], [0, 300]], "nodes": [77, 77]},
        {"line": [[0, 300], [100, 300], [0, 300]], "nodes": [1, 1]},
        {"line": [[0, 300], [100, 300]], "nodes": [77, 78], "modes": ["bus"]},
        {"line": [[0, 300], [100, 300]], "nodes": [1, 78], "in_service": False},
        {"line": [[0, 300], [100, 300]], "nodes": [1, 2], "one_way": "backward"},
    ],
    ids=[
        "no nodes",
        "one node",
        "isolated",
        "loop",
        "loop on the network",
        "buses",
        "not in service",
        "one-way",
    ],
)
def test_odd_segments_never_raise(scene: Any, scenery: Any, road: dict[str, Any]) -> None:
    scenery.add_road(scene.session, {"id": "odd", **road})
    scene.store(ON_MAIN, state="granted")
    for words in (
        {"restriction": "full_closure", "rect": [-5, 290, 110, 20], "pedestrian_guidance": "diverted"},
        {
            "restriction": "full_closure",
            "rect": [-5, 290, 110, 20],
            "closed_segments": ["odd", "w", "unknown"],
        },
    ):
        asked = question(scene, scenery, words)
        check_with(scene.session, only_network(), asked, as_of=scenery.as_of)
        find_detour_offer(scene.session, asked, as_of=scenery.as_of)


def test_everything_closed_never_raises(scene: Any, scenery: Any) -> None:
    closes = [road["id"] for road in ROADS]
    scene.store({**ON_MAIN, "closed_segments": closes}, state="granted")
    asked = question(scene, scenery, {**ON_MAIN, "closed_segments": closes})
    result = check_with(scene.session, only_network(), asked, as_of=scenery.as_of)
    assert [finding.number for finding in result.findings] == ["K14"]
    assert find_detour_offer(scene.session, asked, as_of=scenery.as_of) is None


def test_a_network_without_any_main_road_is_looked_at_whole(scene: Any, scenery: Any) -> None:
    scene.session.execute(text("UPDATE road_segment SET road_class = 'sonstige'"))
    asked = question(scene, scenery, {**ON_WEST, "closed_segments": ["o"]})
    (found,) = check_with(scene.session, only_network(), asked, as_of=scenery.as_of).findings
    assert (found.number, found.severity, found.measured) == ("K14", "block", 200)


def test_crowds_of_closures_are_answered_in_time(scene: Any, scenery: Any) -> None:
    """Three hundred with times of their own, each of them a combination more."""
    for number in range(300):
        first = date(2026, 6, 1) + timedelta(days=number % 25)
        days = [first, first + timedelta(days=1 + number // 25)]
        scene.store({**ON_EAST, "days": days}, state="granted")
    asked = question(scene, scenery, {**ON_WEST, "days": [date(2026, 6, 1), date(2026, 6, 30)]})
    begin = time.monotonic()
    found = check_with(scene.session, only_network(), asked, as_of=scenery.as_of).findings
    assert time.monotonic() - begin < 10  # the statement timeout
    assert ("K14", "block") in [(finding.number, finding.severity) for finding in found]


def test_a_way_beyond_the_box_is_found(scene: Any, scenery: Any) -> None:
    """The only way around leads 4 km away, further than the box of 3 km reaches at first."""
    for road in (
        {"id": "far1", "line": [[0, 100], [0, 4000]], "nodes": [4, 90]},
        {"id": "far2", "line": [[0, 4000], [0, 8000], [700, 8000]], "nodes": [90, 91]},
        {"id": "far3", "line": [[700, 8000], [700, 0], [600, 0]], "nodes": [91, 3]},
    ):
        scenery.add_road(scene.session, road)
    scene.store(ON_EAST, state="granted")
    asked = question(scene, scenery, ON_WEST)
    findings = {
        f.number: f for f in check_with(scene.session, only_network(), asked, as_of=scenery.as_of).findings
    }
    assert set(findings) == {"K13"}  # far, but not cut off
    assert findings["K13"].severity == "warn"
    assert findings["K13"].measured == pytest.approx((3900 + 4700 + 8100 + 600) / 900, abs=0.01)


def test_the_offered_detour_avoids_what_others_close_and_what_is_only_asked_for(
    scene: Any, scenery: Any
) -> None:
    asked = question(scene, scenery, ON_MAIN)
    offer = find_detour_offer(scene.session, asked, as_of=scenery.as_of)
    assert offer is not None
    assert set(offer.segments) == {"w", "f", "o"}
    assert offer.length_m == pytest.approx(600)
    scene.store(ON_EAST, state="submitted")
    past = find_detour_offer(scene.session, asked, as_of=scenery.as_of)
    assert past is not None
    assert set(past.segments) == {"h2", "h3"}
    assert past.way.geom_type == "LineString"
    assert past.way.length == pytest.approx(past.length_m) == pytest.approx(980)
    stated = replace(asked, mine=replace(asked.mine, detour=past.way))
    assert find_detour_offer(scene.session, stated, as_of=scenery.as_of) is None
    half = question(scene, scenery, {**ON_MAIN, "restriction": "half_closure_signals"})
    assert find_detour_offer(scene.session, half, as_of=scenery.as_of) is None
