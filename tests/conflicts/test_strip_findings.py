"""Strip findings of stored occupations follow everybody who stands beside them; and a check always answers."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from shapely.affinity import translate
from shapely.geometry import Polygon, box

from geo_service.conflicts.catalogue import Catalogue, catalogue_of, make_rulebook, rulebook
from geo_service.conflicts.check import CheckQuestion, OtherRequest, check_question
from geo_service.conflicts.check_together import check_together
from geo_service.conflicts.recompute_many import recompute_many
from geo_service.conflicts.stored_findings import list_findings, recompute_findings
from geo_service.db.database import Database, speak_as
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import locate, located
from geo_service.occupations.parameters import parameters
from geo_service.occupations.row import get_occupation
from geo_service.occupations.states import standing_of
from geo_service.occupations.write_occupation import save_occupation

AS_OF = datetime(2026, 5, 1, 10, 0, tzinfo=TOWN_ZONE)
TODAY = date(2026, 5, 1)
BENSHEIM = {"ags": "06431002", "name": "Bensheim", "rect": [-1000, -1000, 1005, 2000], "accuracy_m": 0.1}
VIERNHEIM = {"ags": "06431020", "name": "Viernheim", "rect": [5, -1000, 1000, 2000], "accuracy_m": 0.1}
STREET = {"line": [[-100, 0], [100, 0]], "name": "Grenzstraße"}
# Leaves 1.50 m of the northern footway; with ON_THE_KERB it is 0.90 m, behind IN_FRONT nothing is left of it.
AT_THE_WALL = {"rect": [-8, 4.5, 10, 0.5], "use": "bauzaun"}
ON_THE_KERB = {"rect": [6, 3, 5, 0.6], "use": "container"}
OPPOSITE_THE_WALL = {"rect": [-5, 3, 5, 0.6], "use": "container"}
IN_FRONT = {"rect": [-10, 3, 12, 2]}


@pytest.fixture
def scene(scenery: Any, empty_database: Database, empty_session: Any) -> Any:
    scenery.add_town(empty_database, **BENSHEIM)
    scenery.add_town(empty_database, **VIERNHEIM)
    speak_as(empty_session, actor="operator")
    scenery.add_road(empty_session, STREET)
    return scenery.Scene(empty_session)


def store(scene: Any, words: dict[str, Any], state: str = "granted") -> int:
    occupation_id: int = scene.store(words, state=state)
    recompute_findings(scene.session, occupation_id, as_of=AS_OF)
    return occupation_id


def change(scene: Any, occupation_id: int, **facts: Any) -> None:
    before = get_occupation(scene.session, occupation_id)
    if "state" in facts:
        standing = standing_of(before.collection, facts["state"])
        facts |= {"counts": standing.counts, "binding": standing.binding, "published": standing.published}
    save_occupation(scene.session, replace(before, **facts))
    recompute_findings(scene.session, occupation_id, as_of=AS_OF)


def widths(scene: Any, occupation_id: int) -> list[tuple[str, str, float | None]]:
    return [
        (f.number, f.severity, f.measured)
        for f in list_findings(scene.session, occupation_id, both=False)
        if f.number == "K04"
    ]


def test_a_neighbour_in_another_town_is_counted_in_and_forgotten(scene: Any) -> None:
    # The gap between the two corners is 4 m long, so nobody is narrower for it until the other one comes nearer.
    first = store(scene, AT_THE_WALL)
    second = store(scene, ON_THE_KERB, "submitted")
    towns = [get_occupation(scene.session, one).town for one in (first, second)]
    assert towns == ["06431002", "06431020"]
    assert widths(scene, first) == widths(scene, second) == []
    nearer = translate(get_occupation(scene.session, second).area, -6, 0)
    change(scene, second, area=nearer)
    assert widths(scene, first) == [("K04", "warn", 0.9)]
    change(scene, second, state="granted")
    assert widths(scene, first) == widths(scene, second) == [("K04", "block", 0.9)]
    (finding,) = [f for f in list_findings(scene.session, first, both=False) if f.number == "K04"]
    assert finding.together == (second,)
    change(scene, second, state="revoked")
    assert widths(scene, first) == widths(scene, second) == []


def test_what_an_applicant_files_is_counted_in_for_everybody(scene: Any, scenery: Any) -> None:
    first = store(scene, AT_THE_WALL)
    filed = scenery.occupation({**ON_THE_KERB, "rect": [-6, 3, 5, 0.6]}, state="submitted")
    speak_as(scene.session, actor="applicant", case=str(filed.source_id))
    second = save_occupation(scene.session, filed)
    recompute_findings(scene.session, second, as_of=AS_OF)
    speak_as(scene.session, actor="clerk", town="06431002")
    assert widths(scene, first) == [("K04", "warn", 0.9)]
    speak_as(scene.session, actor="clerk", town="06431020")
    assert widths(scene, first) == []  # the other town's desk sees what its own stand in


@pytest.mark.parametrize("goes", ["cancelled", "moved", "later"])
def test_what_a_narrower_neighbour_hid_comes_to_light_when_it_goes(scene: Any, goes: str) -> None:
    hidden = store(scene, {"rect": [-8, 4, 10, 1]}, "submitted")
    assert widths(scene, hidden) == [("K04", "block", 1.0)]
    other = store(scene, IN_FRONT)
    assert widths(scene, hidden) == []  # mine takes nothing of what the other one leaves
    before = get_occupation(scene.session, other)
    change(scene, other, **{
        "cancelled": {"state": "revoked"},
        "moved": {"area": translate(before.area, 80, 0)},
        "later": {"period": replace(before.period, start=before.period.end, end=before.period.end + timedelta(days=5))},
    }[goes])  # fmt: skip
    assert widths(scene, hidden) == [("K04", "block", 1.0)]


def test_many_at_once_find_what_each_finds_alone(scene: Any) -> None:
    ids = [store(scene, AT_THE_WALL), store(scene, {**ON_THE_KERB, "rect": [-6, 3, 5, 0.6]}, "submitted")]
    alone = [widths(scene, one) for one in ids]
    assert alone == [[("K04", "warn", 0.9)], [("K04", "block", 0.9)]]
    questions = []
    for one in ids:
        mine = get_occupation(scene.session, one)
        questions.append(
            CheckQuestion(mine=mine, location=locate(scene.session, mine.area, day=TODAY), max_findings=100)
        )
    recompute_many(scene.session, questions, as_of=AS_OF)
    assert [widths(scene, one) for one in ids] == alone


def test_requests_of_the_same_check_are_counted_in(scene: Any, scenery: Any) -> None:
    questions = []
    for words in (AT_THE_WALL, {**ON_THE_KERB, "rect": [-6, 3, 5, 0.6]}):
        mine = scenery.occupation(words, state="submitted")
        location = locate(scene.session, mine.area, day=TODAY)
        questions.append(CheckQuestion(mine=located(mine, location), location=location))
    first, second = check_together(scene.session, questions, as_of=AS_OF)
    for result in (first, second):
        assert [(f.severity, f.measured) for f in result.findings if f.number == "K04"] == [("warn", 0.9)]


def only_strips() -> Catalogue:
    rules = tuple(rule for rule in rulebook().rules if rule.kind == "strip")
    return catalogue_of(make_rulebook(rules, parameters()), (), None, TODAY)


def test_a_hot_spot_of_two_hundred_answers(scene: Any) -> None:
    chance = random.Random(7)
    for _ in range(200):
        first = date(2026, 6, 1) + timedelta(days=chance.randint(0, 40))
        x, y = chance.uniform(0, 8), chance.uniform(-3, -1.2)
        scene.store({"rect": [x, y, 3, 1], "days": [first, first + timedelta(days=chance.randint(0, 20))]})
    begin = datetime.now(TOWN_ZONE)
    mine = {"rect": [0, 1, 10, 2], "days": [date(2026, 6, 1), date(2026, 7, 31)]}
    found = {f.number: f for f in scene.check(mine, only_strips()).findings}
    assert (datetime.now(TOWN_ZONE) - begin).total_seconds() < 8
    assert found["K05"].severity == "block"
    assert len(found["K05"].together) == 200


ODD_AXES = [
    [[-10, 0], [0, 0], [-9.9, 0.2]],  # a hairpin
    [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0.01]],  # nearly a ring
    [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]],  # a ring
    [[0, 0], [0.02, 0]],  # shorter than anything
    [[0, 0], [5, 0], [5, 0], [5, 0.001], [9, 0]],
    [[0, 0], [1, 1], [2, 0], [3, 1], [4, 0], [5, 1], [6, 0]],  # a zigzag narrower than the street
    [[-20, -20], [20, 20], [20, -20], [-20, 20]],  # crosses itself
]
ODD_SHAPES = [
    box(0, 0, 0.001, 0.001),
    box(-200, -200, 200, 200),
    Polygon([(0, 0), (10, 0.0001), (20, 0)]),
    box(0, 0, 10, 4).difference(box(1, 1, 9, 3)),
]


@pytest.mark.parametrize("axis", range(len(ODD_AXES)))
@pytest.mark.parametrize("shape", range(len(ODD_SHAPES)))
def test_a_check_answers_whatever_is_drawn(scene: Any, scenery: Any, axis: int, shape: int) -> None:
    scenery.add_road(scene.session, {"line": ODD_AXES[axis], "cycleway_kind": "track", "cycleway": 2})
    scene.store({"rect": [0, -4, 4, 9]})
    mine = replace(
        scenery.occupation({"use": "strassenfest", "restriction": "full_closure"}, state="submitted"),
        area=translate(ODD_SHAPES[shape], 470_000.0, 5_505_000.0),
    )
    location = locate(scene.session, mine.area, day=TODAY)
    (result,) = check_together(
        scene.session, [CheckQuestion(mine=located(mine, location), location=location)], as_of=AS_OF
    )
    assert result.verdict in ("blocked", "review", "clear")


def beside(scene: Any, scenery: Any, words: dict[str, Any], **facts: Any) -> CheckQuestion:
    """A question about something that is not stored, or stored under the facts given."""
    mine = replace(scenery.occupation(words, state="submitted"), **facts)
    place = locate(scene.session, mine.area, day=TODAY)
    return CheckQuestion(mine=located(mine, place), location=place)


def footway(scene: Any, question: CheckQuestion) -> list[tuple[str, float | None, tuple[int, ...]]]:
    result = check_question(scene.session, question, as_of=AS_OF)
    return [(f.severity, f.measured, f.together) for f in result.findings if f.number == "K04"]


def test_what_moves_is_not_narrowed_by_where_it_stood(scene: Any, scenery: Any) -> None:
    stood = get_occupation(scene.session, store(scene, OPPOSITE_THE_WALL))
    elsewhere = {"rect": [-8, 4.5, 10, 0.5]}
    assert footway(scene, beside(scene, scenery, elsewhere)) == [("block", 0.9, (stood.occupation_id,))]
    # Another group alone is not enough to make it somebody else.
    assert footway(scene, beside(scene, scenery, elsewhere, source_id=stood.source_id)) == []


def test_only_who_is_there_at_the_same_hours_is_counted_in(scene: Any, scenery: Any) -> None:
    store(scene, {**OPPOSITE_THE_WALL, "every": {"hours": ["08:00", "18:00"]}})
    by_night = {"rect": [-8, 4.2, 10, 0.8], "every": {"hours": ["22:00", "05:00"]}}
    assert footway(scene, beside(scene, scenery, by_night)) == [("block", 1.2, ())]


def test_another_request_narrows_and_has_no_number(scene: Any, scenery: Any) -> None:
    mine, other = (beside(scene, scenery, words) for words in (AT_THE_WALL, OPPOSITE_THE_WALL))
    together = replace(mine, others=(OtherRequest(occupation=other.mine, streets=other.location.streets),))
    assert footway(scene, together) == [("warn", 0.9, ())]  # what is only asked for does not bind
