"""The pair rules among everything stored: the table joined with itself, in slices of ids."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from geo_service.conflicts.ask_many import chunks
from geo_service.conflicts.catalogue import Catalogue, Rulebook, catalogue_of, make_rulebook, rulebook
from geo_service.conflicts.check import finding_of_row
from geo_service.conflicts.finding import Finding, OtherObject
from geo_service.conflicts.read_ahead import read_ahead
from geo_service.conflicts.screen_scope import Bounds, Scope, bounds_of
from geo_service.conflicts.screen_statement import (
    screened_parameters,
    screened_shapes,
    screening_statement,
)
from geo_service.conflicts.words import other_label
from geo_service.db.prepared import streamed_rows
from geo_service.errors import NotFound
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.parameters import TownParameter, parameters
from geo_service.sql.loader import statements, text

_BATCH = 500
SLICE = 25_000  # occupations in one statement: about a second, so that a progress bar moves

Watched = Callable[[str, int, int], None]  # phase ("pairs" or "each"), done, of how many


@dataclass(frozen=True, kw_only=True, slots=True)
class Screened:
    """A finding and the occupation that has it."""

    finding: Finding
    mine: OtherObject


class NoSuchRule(NotFound):
    """There is no rule of this name or number."""


def nobody_watches(_phase: str, _done: int, _total: int) -> None:
    """For whoever needs no progress."""


def rule_names(name_or_number: str) -> frozenset[str]:
    """The rules of a number (K23 has several) or the one of a name. Raises NoSuchRule."""
    wanted = name_or_number.strip().lower()
    found = frozenset(rule.name for rule in rulebook().rules if wanted in (rule.name, rule.number.lower()))
    if not found:
        raise NoSuchRule(f"There is no rule {name_or_number!r}.")
    return found


@lru_cache(maxsize=16)
def _book_of(names: frozenset[str]) -> Rulebook:
    return make_rulebook(tuple(rule for rule in rulebook().rules if rule.name in names), parameters())


def catalogues_for(session: Session, names: frozenset[str], as_of: datetime) -> dict[str | None, Catalogue]:
    """Some rules with the values in force in each town, and outside of all (key None)."""
    overrides = tuple(
        TownParameter(**row)
        for row in session.execute(text(statements("conflicts")["town_parameters"])).mappings()
    )
    towns: list[str | None] = list(
        session.execute(text(statements("screening")["screening_towns"])).scalars()
    )
    day = as_of.astimezone(TOWN_ZONE).date()
    return {town: catalogue_of(_book_of(names), overrides, town, day) for town in [*towns, None]}


def screen_pairs(  # noqa: PLR0913 - what screen() was asked
    session: Session,
    scope: Scope,
    names: frozenset[str],
    *,
    as_of: datetime,
    once: bool,
    to_store: bool,
    watched: Watched,
) -> Iterator[Screened]:
    """The findings of pair rules, by the ids of the two; memory does not grow with their number."""
    found = catalogues_for(session, names, as_of)
    general = found[None]
    reach_days = max(general.reach_days.values())
    bounds = bounds_of(session, scope, reach_days=reach_days)
    statement = screening_statement(
        general.rules,
        in_scope=bounds.conditions,
        in_period=scope.period is not None,
        once=once,
        to_store=to_store,
    )
    binds = {**bounds.binds, **_shared_binds(found), "as_of": as_of}
    slices = list(_slices(session, bounds))
    for done, rows in read_ahead(_batches(session, statement, binds, slices)):
        watched("pairs", done, len(slices))
        for row in rows:
            yield Screened(finding=finding_of_row(row, found[row.mine_town]), mine=mine_of_row(row))
    watched("pairs", len(slices), len(slices))


def _batches(
    session: Session, statement: str, binds: dict[str, Any], slices: list[tuple[int, int]]
) -> Iterator[tuple[int, list[Any]]]:
    """Rows of one slice after another, a batch at a time, with the number of slices done before."""
    for done, (low, high) in enumerate(slices):
        yield done, []
        for rows in chunks(streamed_rows(session, statement, {**binds, "low": low, "high": high}), _BATCH):
            yield done, rows


def _shared_binds(found: dict[str | None, Catalogue]) -> dict[str, Any]:
    """Values of each town in one order, and how far the probes reach: two shapes as far as mirrored."""
    general = found[None]
    binds: dict[str, Any] = {"towns": list(found)}
    for name in screened_parameters(general.rules):
        binds[f"each_{name}"] = [one.values[name].value for one in found.values()]
    for pair in screened_shapes(general.rules):
        mirror = "-".join(reversed(pair.split("-")))
        known = [shape for shape in (pair, mirror) if shape in general.reach_m]
        days = max(general.reach_days[shape] for shape in known)
        name = pair.replace("-", "_")
        binds[f"reach_{name}"] = max(general.reach_m[shape] for shape in known)
        # Of the day begun and a change of clocks one each: never less than whole civil days.
        binds[f"days_{name}"] = days + 2 if days else 0
    return binds


def _slices(session: Session, bounds: Bounds) -> Iterator[tuple[int, int]]:
    """Ranges of ids, both ends included, with about SLICE occupations each."""
    statement = statements("screening")["screening_size"].replace("«in_scope»", bounds.on("occupation"))
    size = session.execute(text(statement), bounds.asked()).one()
    if not size.occupations:
        return
    number = math.ceil(size.occupations / SLICE)
    step = math.ceil((size.highest - size.lowest + 1) / number)
    for low in range(size.lowest, size.highest + 1, step):
        yield low, low + step - 1


def mine_of_row(row: Any) -> OtherObject:
    """Who has the finding, from the columns my_… of a row."""
    return OtherObject(
        collection=row.my_collection,
        source_id=str(row.mine_source),
        occupation_id=row.mine_id,
        reference=row.my_reference,
        town=row.mine_town,
        label=other_label(row.my_collection, row.my_use_type, row.my_kind, row.my_label),
        use_type=row.my_use_type,
        kind=row.my_kind,
        state=row.my_state,
        published=bool(row.my_published),
        period=Interval(row.my_start, row.my_end),
    )
