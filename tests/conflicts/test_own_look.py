"""Own rules are asked along with the place, as if it lay in no street and its town had no values of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import catalogue, catalogue_of, forget_values, rulebook
from geo_service.conflicts.check import check_question, place_question
from geo_service.conflicts.surroundings import Surroundings, locate_and_look, look_around, near_to
from geo_service.db.database import Database, speak_as
from geo_service.occupations.locate import locate
from tests.conflicts.conftest import AS_OF, TODAY
from tests.conflicts.rule_cases import cases_of

OWN_CASES = [
    (f"{rule.name}.yaml", case["name"])
    for rule in rulebook().rules
    if rule.kind == "own"
    for case in cases_of(f"{rule.name}.yaml")["cases"]
    if case["mine"].get("collection") != "detours"  # without an area nobody looks around
]
BENSHEIM = {"ags": "06431002", "name": "Bensheim", "rect": [-500, -500, 1000, 1000], "accuracy_m": 20}
ROAD = {"id": "way/1", "line": [[-100, 2], [100, 2]], "width": 6, "left": 2, "right": 2}


@pytest.fixture
def town(empty_database: Database, empty_session: Session, scenery: Any) -> Session:
    """Deep inside Bensheim, where nobody else stands."""
    scenery.add_town(empty_database, **BENSHEIM)
    speak_as(empty_session, actor="operator")
    return empty_session


def asked(session: Session, scenery: Any, words: dict[str, Any]) -> tuple[bool, set[str]]:
    """Whether the own rules are asked a second time, and which of them the check finds something by."""
    mine = scenery.occupation({"takes": "as_drawn", **words}, state="submitted")
    question, around = place_question(session, mine, as_of=AS_OF)
    assert around is not None
    found = catalogue(session, question.mine.town, TODAY)
    near = near_to(found, question.mine, question.location, around)
    assert not (near.pairs or near.objects - {"road", "segment"})
    result = check_question(session, question, as_of=AS_OF, around=around)
    whole = check_question(session, question, as_of=AS_OF, around=_all_asked(around))
    assert result == whole
    own = {rule.name for rule in found.rules if rule.kind == "own"}
    return near.own, {finding.rule for finding in result.findings} & own


def _all_asked(around: Surroundings) -> Surroundings:
    return Surroundings(met=around.met, objects=around.objects)


def test_a_use_of_which_no_rule_speaks_is_asked_once(town: Session, scenery: Any) -> None:
    assert asked(town, scenery, {}) == (False, set())


@pytest.mark.parametrize(
    ("words", "rules"),
    [
        ({"days": [TODAY + timedelta(days=1)] * 2}, {"lead_time"}),
        ({"days": [TODAY - timedelta(days=1)] * 2}, {"begun_already"}),
        ({"declared_m2": 60}, {"declared_area"}),
        ({"days": [TODAY + timedelta(days=20)] * 2, "restriction": "full_closure"}, {"lead_time_full_closure"}),
    ],
)  # fmt: skip
def test_what_speaks_anywhere_is_told(town: Session, scenery: Any, words: Any, rules: set[str]) -> None:
    is_asked, found = asked(town, scenery, words)
    assert is_asked
    assert rules <= found


def test_a_street_makes_the_order_a_question(town: Session, scenery: Any) -> None:
    scenery.add_road(town, ROAD)
    assert asked(town, scenery, {}) == (True, {"traffic_order"})
    assert asked(town, scenery, {"rect": [0, 100, 4, 4]}) == (False, set())


def test_what_is_stated_to_be_taken_holds_in_no_street_too(town: Session, scenery: Any) -> None:
    assert asked(town, scenery, {"takes": ["footway"]}) == (True, {"traffic_order"})
    assert asked(town, scenery, {"takes": ["footway"], "order": [TODAY, TODAY + timedelta(days=90)]}) == (
        False,
        set(),
    )


def test_a_value_of_the_town_is_asked_again(town: Session, empty_database: Database, scenery: Any) -> None:
    """In 31 days: the general 14 are kept, the 40 of the town are not."""
    words = {"days": [TODAY + timedelta(days=31)] * 2}
    assert asked(town, scenery, words) == (False, set())
    with empty_database.owner_connection() as owner:
        owner.execute(
            "INSERT INTO town_parameter (town, parameter, first_day, value, legal_source)"
            " VALUES ('06431002', 'lead_time_days', '2026-01-01', 40, '§')"
        )
    forget_values(town)
    assert asked(town, scenery, words) == (True, {"lead_time"})
    # A value about which no own rule asks leaves them silent.
    with empty_database.owner_connection() as owner:
        owner.execute("DELETE FROM town_parameter")
        owner.execute(
            "INSERT INTO town_parameter (town, parameter, first_day, value, legal_source)"
            " VALUES ('06431002', 'neighbour_distance_m', '2026-01-01', 3, '§')"
        )
    forget_values(town)
    assert asked(town, scenery, words) == (False, set())


def test_the_towns_days_for_a_use_are_asked_again(
    town: Session, empty_database: Database, scenery: Any
) -> None:
    with empty_database.owner_connection() as owner:
        owner.execute("""UPDATE town SET settings = '{"lead_time_days": {"geruest": 40}}'""")
    words = {"days": [TODAY + timedelta(days=31)] * 2}
    assert asked(town, scenery, words) == (True, {"lead_time"})
    assert asked(town, scenery, {**words, "use": "container"}) == (False, set())


@pytest.mark.parametrize(("file", "name"), OWN_CASES)
def test_in_every_case_of_an_own_rule_both_looks_tell_whether_one_speaks(
    scene: Any, scenery: Any, file: str, name: str
) -> None:
    case = next(case for case in cases_of(file)["cases"] if case["name"] == name)
    mine = scenery.occupation(case["mine"], state="submitted")
    found = catalogue_of(rulebook(), (), None, TODAY)
    own = {rule.name for rule in found.rules if rule.kind == "own"}
    location = locate(scene.session, mine.area, day=TODAY)
    looks = (
        look_around(scene.session, found, mine, location),
        locate_and_look(scene.session, found, mine, day=TODAY)[1],
    )
    speaks = any(finding.rule in own for finding in scene.check(case["mine"]).findings)
    assert [near_to(found, mine, location, around).own for around in looks] == [speaks, speaks]
