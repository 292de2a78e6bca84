"""A check cut to what lies near finds what the whole statement finds, and asks no more than it needs."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
import pytest
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Catalogue, catalogue_of, rulebook
from geo_service.conflicts.check import CheckQuestion, check_binds
from geo_service.conflicts.statement import Near
from geo_service.conflicts.surroundings import (
    Surroundings,
    check_near,
    locate_and_look,
    look_around,
    look_binds,
    near_to,
)
from geo_service.db.database import Database
from geo_service.db.prepared import prepared_rows
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.locate import NOWHERE, locate
from geo_service.occupations.match_detour import match_detour
from tests.conflicts.conftest import AS_OF
from tests.conflicts.rule_cases import FILES, TODAY, cases_of

# Scenes of the rule cases, each asked with every rule in the book; another sample would do as well.
SCENES = random.Random(14).sample(
    [(file, case["name"]) for file in FILES for case in cases_of(file)["cases"] if "towns" not in cases_of(file)], 40
)  # fmt: skip


def set_up(session: Session, scenery: Any, file: str, name: str) -> CheckQuestion:
    case = next(case for case in cases_of(file)["cases"] if case["name"] == name)
    for road in case.get("roads", cases_of(file).get("roads", [])):
        scenery.add_road(session, road)
    for words in (*cases_of(file).get("places", []), *case.get("places", [])):
        scenery.add_place(session, words)
    stage = scenery.Scene(session)
    for words in [*case.get("others", []), *([case["other"]] if "other" in case else [])]:
        for one in scenery.each_day(words):
            stage.store(one)
    mine = match_detour(session, scenery.occupation(case["mine"], state="submitted"), day=TODAY)
    return CheckQuestion(mine=mine, location=locate(session, mine.area, day=TODAY))


def cut(session: Session, found: Catalogue, question: CheckQuestion, around: Surroundings) -> list[Any]:
    statement = check_near(found.book, near_to(found, question.mine, question.location, around))
    if statement is None:
        return []
    binds = check_binds(found, question, as_of=AS_OF)
    return [tuple(row) for row in prepared_rows(session, statement, {**binds, "near_others": around.others})]


@pytest.mark.parametrize(("file", "name"), SCENES)
def test_the_cut_check_finds_what_the_whole_one_finds(scene: Any, scenery: Any, file: str, name: str) -> None:
    question = set_up(scene.session, scenery, file, name)
    found = catalogue_of(rulebook(), (), None, TODAY)
    binds = check_binds(found, question, as_of=AS_OF)
    whole = [tuple(row) for row in prepared_rows(scene.session, found.book.check.text, binds)]
    around = look_around(scene.session, found, question.mine, question.location)
    assert cut(scene.session, found, question, around) == whole
    if question.mine.area is not None and question.mine.detour is None:
        location, around = locate_and_look(scene.session, found, question.mine, day=TODAY)
        assert location == question.location
        assert cut(scene.session, found, question, around) == whole


def test_where_nothing_is_near_only_the_border_is_asked_for(scene: Any, scenery: Any) -> None:
    mine = scenery.occupation({}, state="submitted")
    location = locate(scene.session, mine.area, day=TODAY)
    found = catalogue_of(rulebook(), (), None, TODAY)

    def near() -> Near:
        return near_to(found, mine, location, look_around(scene.session, found, mine, location))

    # No town is known here, and no own rule speaks of it.
    assert near() == Near(pairs=frozenset(), objects=frozenset({"border"}), own=False)
    scene.store({"rect": [12, 0, 5, 4]})
    scenery.add_place(scene.session, {"object": "facility", "kind": "hydrant", "point": [-1, 2]})
    assert near().pairs == {"area-area"}
    assert near().objects >= {"border", "hydrant"}
    assert not near().objects & {"road", "segment", "no_dig_period", "reinstatement"}


def test_the_hour_that_comes_twice_in_autumn_is_told_apart(scenery: Any) -> None:
    """To Python both are the same moment: what is kept by the period would be an hour off."""
    found = catalogue_of(rulebook(), (), None, TODAY)
    summer = datetime(2026, 10, 25, 2, 30, tzinfo=TOWN_ZONE)
    asked = []
    for start in (summer, summer.replace(fold=1)):
        mine = replace(scenery.occupation({}, state="submitted"), period=Interval(start))
        binds = look_binds(found, mine, NOWHERE)
        asked.append(
            (mine.period.to_range(), binds["period_area_area"], orjson.loads(binds["given"])["period"])
        )
    assert found.reach_days["street-street"] == 0
    assert [whole for whole, _, _ in asked] == [
        "[2026-10-25T00:30:00+00:00,)",
        "[2026-10-25T01:30:00+00:00,)",
    ]
    assert [given for _, _, given in asked] == [whole for whole, _, _ in asked]
    assert look_binds(found, mine, NOWHERE)["period_street_street"] == asked[1][0]


def test_deep_inside_a_town_no_rule_asks_for_its_border(empty_database: Database, scenery: Any) -> None:
    """At every distance from a border of 20 m accuracy, on both sides of it and outside, as the whole check."""
    scenery.add_town(empty_database, ags="06431002", name="Bensheim", rect=[0, 0, 300, 300], accuracy_m=20)
    scenery.add_town(empty_database, ags="06431020", name="Viernheim", rect=[300, 0, 300, 300], accuracy_m=20)
    found = catalogue_of(rulebook(), (), None, TODAY)
    assert {rule.name for rule in found.rules if rule.objects == "border"} == {
        "competence",
        "outside_every_town",
    }
    asked, seen = {}, set()
    engine = empty_database.app_engine()
    with Session(engine) as session:
        for west in (-90, -60, -24, -4, 2, 19.5, 20.5, 100, 275, 279.5, 294, 298, 300, 304, 319.5, 321):
            mine = scenery.occupation({"rect": [west, 100, 4, 4]}, state="submitted")
            location, around = locate_and_look(session, found, mine, day=TODAY)
            question = CheckQuestion(mine=mine, location=location)
            binds = check_binds(found, question, as_of=AS_OF)
            whole = [tuple(row) for row in prepared_rows(session, found.book.check.text, binds)]
            assert cut(session, found, question, around) == whole, west
            asked[west] = "border" in near_to(found, mine, location, around).objects
            seen |= {found.rules[row[0]].name for row in whole} & {"competence", "outside_every_town"}
    engine.dispose()
    assert seen == {"competence", "outside_every_town"}
    assert [west for west, is_asked in asked.items() if not is_asked] == [20.5, 100, 275, 321]
