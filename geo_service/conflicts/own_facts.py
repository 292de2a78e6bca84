"""What own rules ask of a use that its row does not say, or that only its place tells."""

from __future__ import annotations

from typing import Any

from geo_service.conflicts.catalogue import Catalogue, Rulebook, parameters_of
from geo_service.conflicts.rule_file import facts_in
from geo_service.occupations.locate import Location
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.use_types import use_types

_OF_PLACE = ("town", "takes", "takes_derived")  # what `located` changes of an occupation


def use_lead_time_days(mine: Occupation, location: Location) -> float:
    """What a use needs beyond the general lead time: the town's value, else that of the use, else 0."""
    own = location.lead_time_days(mine.town, mine.use_type)
    use = use_types().get(mine.use_type or "")
    return float(own if own is not None else (use.lead_time_days or 0) if use is not None else 0)


def facts_of_place(found: Catalogue, mine: Occupation, location: Location) -> tuple[Any, ...]:
    """All that own rules read and that differs from place to place: where it is equal, they find the same."""
    if "own_values" not in found.memo:
        own = (rule for rule in found.rules if rule.kind == "own")
        names = sorted({name for rule in own for name in parameters_of(rule)})
        found.memo["own_values"] = tuple(found.values[name].value for name in names)
    read = (getattr(mine, name) for name in _facts_read(found.book))
    return (use_lead_time_days(mine, location), found.memo["own_values"], *read)


def _facts_read(book: Rulebook) -> tuple[str, ...]:
    if "own_facts" not in book.memo:
        own = [rule for rule in book.rules if rule.kind == "own"]
        read = {fact for rule in own for part in rule.expressions().values() for fact in facts_in(part)}
        book.memo["own_facts"] = tuple(name for name in _OF_PLACE if f"mine.{name}" in read)
    found: tuple[str, ...] = book.memo["own_facts"]
    return found
