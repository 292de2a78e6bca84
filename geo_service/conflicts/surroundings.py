"""Who and what lies near an occupation: asked first, so that only the rules with something to speak of follow.

Most uses meet little, and getting a statement with every rule ready takes the server longer than answering it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Rulebook
from geo_service.conflicts.rule_file import RuleFile
from geo_service.conflicts.statement import Near, check_near_statement, look_around_statement
from geo_service.db.prepared import prepared_rows
from geo_service.occupations.locate import Location
from geo_service.occupations.occupation import Occupation

# What is told of these comes with the question: borders and roads from its place, segments by their keys.
_BORDER, _STREETS = frozenset({"border"}), frozenset({"road", "segment"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """near: what the check is cut to. others: ids of the occupations in reach, as the literal of an array."""

    near: Near
    others: str


def look_around(
    session: Session, book: Rulebook, mine: Occupation, location: Location, binds: Mapping[str, Any]
) -> Surroundings:
    """One round trip; none where mine has nothing that could meet anything. binds: those of a check."""
    shapes = _shapes(mine, location)
    pairs = tuple(pair for pair in book.pairs if pair.partition("-")[0] in shapes)
    objects = _objects_spoken_of(book, digs=mine.excavation)
    given = _BORDER | _STREETS if location.streets or mine.closed_segments else _BORDER
    searched = tuple(sorted(objects - _BORDER - _STREETS)) if mine.area is not None else ()
    if not (pairs or searched):
        return Surroundings(near=Near(pairs=frozenset(), objects=given & objects), others="{}")
    (row,) = prepared_rows(session, _look(book, pairs, searched), binds)
    met = {pair: ids for pair in pairs if (ids := getattr(row, pair.replace("-", "_")))}
    # All kinds or none: few different statements, each of which every connection plans once.
    there = searched if any(getattr(row, kind) for kind in searched) else ()
    others = sorted(set().union(*met.values()))
    return Surroundings(
        near=Near(pairs=frozenset(met), objects=(given & objects).union(there)),
        others="{" + ",".join(map(str, others)) + "}",
    )


def check_near(book: Rulebook, near: Near) -> str | None:
    """The statement of a check that is cut to what is near; None where no rule is left."""
    if near not in book.memo:
        book.memo[near] = check_near_statement(book.rules, near)
    found: str | None = book.memo[near]
    return found


def _look(book: Rulebook, pairs: tuple[str, ...], objects: tuple[str, ...]) -> str:
    if (pairs, objects) not in book.memo:
        book.memo[pairs, objects] = look_around_statement(pairs, objects)
    found: str = book.memo[pairs, objects]
    return found


def _shapes(mine: Occupation, location: Location) -> frozenset[str]:
    """Which shapes of a rule's pairs mine has; without one, no candidate is found through it."""
    has = {
        "area": mine.area is not None,
        "detour": mine.detour is not None,
        "street": mine.area is not None and bool(location.streets),
        "dig": mine.area is not None and mine.excavation,
    }
    return frozenset(shape for shape, there in has.items() if there)


def _objects_spoken_of(book: Rulebook, *, digs: bool) -> frozenset[str]:
    """The kinds of fixed objects that some rule speaks of to a dig, or to what is none."""
    if digs not in book.memo:
        place = (rule for rule in book.rules if rule.objects)
        book.memo[digs] = frozenset(rule.objects for rule in place if digs or not _only_of_digs(rule))
    found: frozenset[str] = book.memo[digs]
    return found


def _only_of_digs(rule: RuleFile) -> bool:
    """True if `mine.excavation` stands among what a rule demands in any case."""
    condition, before = rule.conditions["applies"], ""
    while condition != before:  # what stands in brackets is one demand
        condition, before = re.sub(r"\([^()]*\)", "…", condition), condition
    return " OR " not in condition and "mine.excavation" in condition.split(" AND ")
