"""Who and what lies near an occupation: asked first, so that only rules with something to speak of follow.

Most uses meet little, and getting a statement with every rule ready takes longer than answering it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Catalogue, Rulebook, catalogue
from geo_service.conflicts.own_facts import facts_of_place, use_lead_time_days
from geo_service.conflicts.places import border_row
from geo_service.conflicts.rule_file import RuleFile
from geo_service.conflicts.statement import (
    Near,
    check_near_statement,
    given_streets,
    located_streets,
    look_around_statement,
)
from geo_service.db.prepared import prepared_rows
from geo_service.interval import TOWN_ZONE, Interval, midnight
from geo_service.occupations.locate import (
    NOWHERE,
    Location,
    locate,
    locate_binds,
    located,
    location_of_row,
)
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.row import occupation_row

# What is told of these comes with the question: borders and roads from its place, segments by their keys.
_BORDER, _STREETS = frozenset({"border"}), frozenset({"road", "segment"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """met: ids of the occupations in reach, by the shape pair that found them. objects: kinds of objects.

    silent_at: facts of a place at which no own rule says anything (own_facts.py), None if not known of any.
    """

    met: Mapping[str, Sequence[int]]
    objects: frozenset[str]
    silent_at: tuple[Any, ...] | None = None

    @property
    def others(self) -> str:
        """Everybody met, as the literal of an array."""
        return "{" + ",".join(map(str, sorted(set().union(*self.met.values())))) + "}"


def look_around(session: Session, found: Catalogue, mine: Occupation, location: Location) -> Surroundings:
    """Who and what a check could speak of; no round trip where mine has nothing that could meet anything."""
    pairs = pairs_of(found.book, mine, in_street=bool(location.streets))
    objects = _searched(found.book, mine)
    if not (pairs or objects):
        return Surroundings(met={}, objects=frozenset())
    streets = orjson.dumps([street.row() for street in location.streets]).decode()
    statement = _look(found.book, pairs, objects, given_streets)
    binds = {**look_binds(found, mine, location), "streets": streets}
    (row,) = prepared_rows(session, statement, binds)
    return _surroundings(row, pairs, objects, facts_of_place(found, mine, location))


def locate_and_look(
    session: Session, found: Catalogue, mine: Occupation, *, day: date
) -> tuple[Location, Surroundings]:
    """The same in one round trip with the place. mine: with an area and without a detour.

    found: the general catalogue, because the town is not known yet: it looks as far as any town does.
    """
    pairs, objects = pairs_of(found.book, mine, in_street=True), _searched(found.book, mine)
    if not (pairs or objects):
        return locate(session, mine.area, day=day), Surroundings(met={}, objects=frozenset())
    statement = _look(found.book, pairs, objects, located_streets)
    # The own rules are asked as if it stood in no street and its town had no values of its own.
    assumed = located(mine, NOWHERE)
    binds = {**look_binds(found, assumed, NOWHERE), **locate_binds(mine.area, day)}
    (row,) = prepared_rows(session, statement, binds)
    around = _surroundings(row, pairs, objects, facts_of_place(found, assumed, NOWHERE))
    return location_of_row(row), around


def find_place(session: Session, mine: Occupation, *, as_of: datetime) -> tuple[Location, Surroundings]:
    """Place and surroundings of an occupation whose town, takes and detour are known."""
    day = as_of.astimezone(TOWN_ZONE).date()
    if mine.area is not None and mine.detour is None:
        return locate_and_look(session, catalogue(session, None, day), mine, day=day)
    location = locate(session, mine.area, day=day)
    return location, look_around(session, catalogue(session, mine.town, day), mine, location)


def near_to(found: Catalogue, mine: Occupation, location: Location, around: Surroundings) -> Near:
    """What the check of mine is cut to."""
    given = _BORDER if _border_in_question(found, location) else frozenset()
    if location.streets or mine.closed_segments:
        given |= _STREETS
    spoken = _objects_spoken_of(found.book, digs=mine.excavation)
    return Near(
        pairs=frozenset(around.met),
        objects=(given & spoken) | around.objects,
        own=around.silent_at is None or around.silent_at != facts_of_place(found, mine, location),
    )


def _border_in_question(found: Catalogue, location: Location) -> bool:
    """False deep inside one town, where the rules about borders (K24) have nothing to say."""
    border = border_row(location)
    return bool(
        border["second_m2"] >= found.values["overlap_noise_m2"].value
        or border["distance_m"] < border["accuracy_m"]
        or border["outside_m"] > 0
    )


def look_binds(found: Catalogue, mine: Occupation, location: Location) -> dict[str, Any]:
    """What looking around asks for: mine, how far and in which period, and the values of the own rules."""
    return {
        **found.binds,
        **reach_binds(found, mine),
        "given": given_bind(mine),
        "use_lead_time_days": use_lead_time_days(mine, location),
        "school_time": "",
    }


def given_bind(mine: Occupation) -> str:
    """Mine as the statements of a check read it."""
    # A key that is missing is NULL too, and half of them are: less to read for every statement.
    given = {name: value for name, value in occupation_row(mine).items() if value is not None}
    return orjson.dumps(given).decode()


def reach_binds(found: Catalogue, mine: Occupation) -> dict[str, Any]:
    """How far every pair and every kind of object is looked for, and in which period."""
    binds: dict[str, Any] = {f"reach_{objects}": found.reach_m[objects] for objects in found.book.objects}
    days_asked = set(found.reach_days.values())
    enlarged = {days: _enlarged(mine.period, days) if days else mine.period.to_range() for days in days_asked}
    for pair in found.book.pairs:
        name = pair.replace("-", "_")
        binds[f"reach_{name}"] = found.reach_m[pair]
        binds[f"period_{name}"] = enlarged[found.reach_days[pair]]
    return binds


@lru_cache(maxsize=64)  # every statement about mine asks the same; periods that are equal have the same days
def _enlarged(period: Interval, reach_days: int) -> str:
    """The period with `reach_days` (at least 1) whole civil days free on both sides, and the day beyond."""
    last = period.last_day()
    start = midnight(period.first_day() - timedelta(days=reach_days + 1))
    end = None if last is None else midnight(last + timedelta(days=reach_days + 2))
    return Interval(start, end).to_range()


def _surroundings(
    row: Any, pairs: Sequence[str], objects: Sequence[str], facts: tuple[Any, ...]
) -> Surroundings:
    met = {pair: ids for pair in pairs if (ids := getattr(row, pair.replace("-", "_")))}
    # All kinds or none: few different statements, each of which every connection plans once.
    there = objects if any(getattr(row, kind) for kind in objects) else ()
    return Surroundings(met=met, objects=frozenset(there), silent_at=None if row.own else facts)


def check_near(book: Rulebook, near: Near) -> str | None:
    """The statement of a check that is cut to what is near; None where no rule is left."""
    if near not in book.memo:
        book.memo[near] = check_near_statement(book.rules, near)
    found: str | None = book.memo[near]
    return found


def _look(
    book: Rulebook, pairs: tuple[str, ...], objects: tuple[str, ...], placed: Callable[[str], str]
) -> str:
    key = (pairs, objects, placed)
    if key not in book.memo:
        book.memo[key] = placed(look_around_statement(book.rules, pairs, objects))
    found: str = book.memo[key]
    return found


def pairs_of(book: Rulebook, mine: Occupation, *, in_street: bool) -> tuple[str, ...]:
    """The shape pairs whose first shape mine has; through another one nobody is found."""
    has = {
        "area": mine.area is not None,
        "detour": mine.detour is not None,
        "street": mine.area is not None and in_street,
        "dig": mine.area is not None and mine.excavation,
    }
    return tuple(pair for pair in book.pairs if has[pair.partition("-")[0]])


def _searched(book: Rulebook, mine: Occupation) -> tuple[str, ...]:
    """The kinds of fixed objects that are looked for around the area of mine."""
    spoken = _objects_spoken_of(book, digs=mine.excavation) if mine.area is not None else frozenset()
    return tuple(sorted(spoken - _BORDER - _STREETS))


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
