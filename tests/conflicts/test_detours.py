"""Detours, closures, narrowings and digs beyond single cases: both directions, requests together, words, places."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from shapely.geometry import shape
from sqlalchemy import text

from geo_service.conflicts.check import CheckQuestion
from geo_service.conflicts.check_together import check_together
from geo_service.conflicts.recompute_many import recompute_many
from geo_service.conflicts.stored_findings import list_findings, recompute_findings
from geo_service.occupations.locate import locate
from geo_service.occupations.match_detour import match_detour
from geo_service.occupations.row import get_occupation

DETOUR = {"collection": "detours", "state": "confirmed", "detour": [[0, 1], [400, 1]]}
CLOSURE = {"rect": [50, -5, 10, 10], "restriction": "full_closure", "takes": ["carriageway"]}


@pytest.fixture
def street(scene: Any, scenery: Any) -> Any:
    """Goethestraße in two segments, with nobody in it."""
    for name, line in (("west", [[0, 0], [200, 0]]), ("east", [[200, 0], [400, 0]])):
        scenery.add_road(scene.session, {"id": name, "name": "Goethestraße", "line": line})
    return scene


def about_streets(findings: Any) -> list[tuple[str, str]]:
    return sorted((f.number, f.severity) for f in findings if f.number in ("K03", "K10", "K11", "K12", "K22"))


def only_pair(result: Any) -> list[Any]:
    return [finding for finding in result.findings if finding.other is not None]


def test_both_sides_of_a_blocked_detour_are_told(street: Any, scenery: Any) -> None:
    closure = street.store({**CLOSURE, "collection": "construction_sites", "state": "planned"})
    detour = street.store(DETOUR)
    recompute_findings(street.session, detour, as_of=scenery.as_of)
    own = [list_findings(street.session, one, both=False) for one in (detour, closure)]
    assert [about_streets(findings) for findings in own] == [[("K10", "warn")], [("K11", "block")]]
    assert [len(list_findings(street.session, one)) for one in (detour, closure)] == [2, 2]
    # The same, asked for all of them at once.
    session, day = street.session, scenery.today
    questions = [
        CheckQuestion(mine=mine, location=locate(session, mine.area, day=day))
        for mine in (get_occupation(session, detour), get_occupation(session, closure))
    ]
    many = recompute_many(session, questions, as_of=scenery.as_of)
    assert {key: about_streets(found) for key, found in many.items()} == {
        detour: [("K10", "warn")],
        closure: [("K11", "block")],
    }


def test_a_detour_is_not_blocked_by_the_works_it_belongs_to(street: Any) -> None:
    street.store({**DETOUR, "case": "works"})
    assert about_streets(street.check({**CLOSURE, "case": "works"}).findings) == []


def test_the_requests_of_a_check_meet_on_streets_too(street: Any, scenery: Any) -> None:
    words: list[dict[str, Any]] = [
        {"rect": [-100, -100, 10, 4], "detour": [[0, 1], [400, 1]]},
        {"rect": [-100, -200, 10, 4], "detour": [[400, -1], [0, -1]]},
        {**CLOSURE, "excavation": True},
        {"rect": [75, 1, 10, 2], "takes": ["carriageway"]},
        {
            "rect": [180, -5, 10, 3],
            "excavation": True,
            "days": [scenery.today.replace(month=7), scenery.today.replace(month=7)],
        },
    ]
    questions = []
    for number, each in enumerate(words, start=1):
        mine = replace(scenery.occupation(each, state="submitted"), reference=str(number))
        questions.append(
            CheckQuestion(
                mine=match_detour(street.session, mine, day=scenery.today),
                location=locate(street.session, mine.area, day=scenery.today),
            )
        )
    results = check_together(street.session, questions, as_of=scenery.as_of)
    seen = [
        sorted(
            (f.number, f.other.source_id)
            for f in result.findings
            if f.other is not None and f.number in ("K03", "K10", "K11", "K12", "K22")
        )
        for result in results
    ]
    assert seen == [
        [("K10", "3"), ("K10", "4"), ("K12", "2")],
        [("K10", "3"), ("K10", "4"), ("K12", "1")],
        [("K03", "4"), ("K11", "1"), ("K11", "2"), ("K22", "5")],
        [("K03", "3"), ("K11", "1"), ("K11", "2")],
        [("K22", "3")],
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "auf einer Länge von 200 m über Straßenabschnitte, die in der Zeit vom 1. bis 14. Juni 2026 durch „{other.label}“ gesperrt sind: Goethestraße."),
        ({"state": "submitted"}, "Goethestraße (Sperrung, über die noch nicht entschieden ist)."),
        ({"restriction": "narrowing"}, "Goethestraße (eingeengt)."),
    ],
)  # fmt: skip
def test_the_street_and_what_happens_there_are_named(street: Any, words: dict[str, Any], said: str) -> None:
    street.store({**CLOSURE, **words})
    (found,) = only_pair(street.check({"rect": [-100, -100, 10, 4], "detour": [[0, 1], [400, 1]]}))
    assert found.explanation["de"].endswith(said)
    assert shape(found.geometry).geom_type == "MultiLineString"  # the closed segment, not the whole detour


def test_where_the_course_is_not_known_the_place_is_shown_all_the_same(street: Any) -> None:
    street.store(CLOSURE)
    (found,) = only_pair(street.check({"rect": [-100, -100, 10, 4], "detour": [[0, 17], [400, 17]]}))
    assert found.could_be == "block"
    assert "lässt sich nicht sagen" in found.explanation["de"]
    assert "über welche Straßen ein Teil der eigenen Umleitung führt" in found.explanation["de"]
    assert shape(found.geometry).geom_type == "LineString"


def test_a_detour_that_was_never_matched_is_unknown(street: Any) -> None:
    street.store(DETOUR)
    street.session.execute(text("UPDATE occupation SET detour_segments = NULL"))
    (found,) = only_pair(street.check(CLOSURE))
    assert (found.number, found.severity, found.missing) == ("K11", "undetermined", ("other.detour_course",))
