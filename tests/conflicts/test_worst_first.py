"""Which findings are told where not all can be: the worst, and of one rule those that are worse by their measure."""

from __future__ import annotations

from datetime import date, datetime
from itertools import product
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import catalogue_of, make_rulebook, rulebook
from geo_service.conflicts.check import CheckQuestion, check_with
from geo_service.conflicts.statement import part
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import NOWHERE
from geo_service.occupations.parameters import parameters

TODAY = date(2026, 5, 1)
AS_OF = datetime(2026, 5, 1, 10, 0, tzinfo=TOWN_ZONE)
UNTIL_NOBODY_KNOWS = [date(2026, 5, 10), None]


def findings(
    scene: Any, scenery: Any, words: dict[str, Any], at_most: int = 50
) -> list[tuple[str, str, float]]:
    mine = scenery.occupation({"state": "submitted", **words}, state="submitted")
    question = CheckQuestion(mine=mine, location=NOWHERE, max_findings=at_most)
    pairs = tuple(rule for rule in rulebook().rules if rule.number in ("K01", "K02"))
    found = catalogue_of(make_rulebook(pairs, parameters()), (), None, TODAY)
    result = check_with(scene.session, found, question, as_of=AS_OF)
    return [(f.number, f.severity, f.measured) for f in result.findings]


@pytest.mark.parametrize("at_most", [1, 2, 3])
def test_of_several_overlaps_the_largest_are_told_first(scene: Any, scenery: Any, at_most: int) -> None:
    for width in (1, 3, 2):
        scene.store({"rect": [10 - width, 0, width + 5, 4]})
    expected = [("K01", "block", 4.0 * width) for width in (3, 2, 1)]
    assert findings(scene, scenery, {}, at_most) == expected[:at_most]


@pytest.mark.parametrize("at_most", [1, 2, 3])
def test_of_several_neighbours_the_nearest_are_told_first(scene: Any, scenery: Any, at_most: int) -> None:
    for gap in (2, 8, 5):
        scene.store({"rect": [10 + gap, 0, 5, 4]})
    expected = [("K02", "info", float(gap)) for gap in (2, 5, 8)]
    assert findings(scene, scenery, {}, at_most) == expected[:at_most]


@pytest.mark.parametrize("sure_first", [True, False])
def test_what_is_certain_comes_before_what_could_be_as_bad(
    scene: Any, scenery: Any, sure_first: bool
) -> None:
    both: list[dict[str, Any]] = [{"rect": [9, 0, 5, 4]}, {"rect": [5, 0, 5, 4], "days": UNTIL_NOBODY_KNOWS}]
    for words in both if sure_first else reversed(both):
        scene.store(words)
    assert findings(scene, scenery, {}) == [("K01", "block", 4.0), ("K01", "undetermined", 20.0)]
    assert findings(scene, scenery, {}, 1) == [("K01", "block", 4.0)]
    # And what could be a block before what is certainly a warning.
    scene.store({"rect": [0, 0, 9, 4], "state": "submitted"})
    assert findings(scene, scenery, {}, 2) == [("K01", "block", 4.0), ("K01", "undetermined", 20.0)]


def severity(applies: bool | None, *severities: bool | None, unknown: bool) -> int:
    """The place of the first severity that is true, 5 for none; what is not known is taken for `unknown`."""
    known = [unknown if one is None else one for one in (applies, *severities)]
    return known.index(True, 1) if known[0] and any(known[1:]) else 5


def test_what_is_not_known_could_be_true_and_is_not_for_certain(empty_session: Session) -> None:
    every = list(product((True, None), *[(True, False, None)] * 4))
    rows = ", ".join(
        f"({', '.join('NULL::boolean' if one is None else str(one) for one in row)})" for row in every
    )
    given = f"(VALUES {rows}) AS given (applies, block, warn, info, chance)"
    found = empty_session.execute(
        text(f"SELECT given.*, level.* FROM {given} CROSS JOIN LATERAL ({part('level')}) AS level")
    ).all()
    assert [tuple(row) for row in found] == [
        (*row, severity(*row, unknown=False), severity(*row, unknown=True)) for row in every
    ]
