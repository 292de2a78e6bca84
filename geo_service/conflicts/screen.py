"""All conflicts among everything stored: pairs by joining the table with itself, the rest in large portions.

The same rule files and the same statements as a single check, so that both find the same (tests compare).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.conflicts.ask_many import ask_many
from geo_service.conflicts.catalogue import Catalogue, rulebook
from geo_service.conflicts.check import CheckQuestion, finding_of_row
from geo_service.conflicts.finding import Finding, OtherObject
from geo_service.conflicts.measured import concerns
from geo_service.conflicts.screen_pairs import (
    Screened,
    Watched,
    catalogues_for,
    nobody_watches,
    screen_pairs,
)
from geo_service.conflicts.screen_scope import Bounds, Scope, bounds_of
from geo_service.conflicts.stored_questions import KEPT_AT_MOST
from geo_service.conflicts.words import other_label
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import NOWHERE, locate_many, located
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.row import occupation_of_row
from geo_service.sql.loader import statements, text

PORTION = 500  # occupations whose place is looked up and judged in one statement each


def screen(
    session: Session,
    scope: Scope,
    *,
    as_of: datetime,
    once: bool = True,
    to_store: bool = False,
    watched: Watched = nobody_watches,
) -> Iterator[Screened]:
    """Every finding of stored occupations that count, as a check of each would find it at `as_of`.

    once: of a pair and rule only the worse direction. to_store: with geometries in EPSG:25832. While rows
    come, the session can ask nothing else; a picture of one moment needs a REPEATABLE READ transaction.
    """
    wanted = [rule for rule in rulebook().rules if scope.rules is None or rule.name in scope.rules]
    pairs = frozenset(rule.name for rule in wanted if rule.kind == "pair")
    others = frozenset(rule.name for rule in wanted if rule.kind != "pair")
    if pairs:
        for one in screen_pairs(
            session, scope, pairs, as_of=as_of, once=once, to_store=to_store, watched=watched
        ):
            if _is_wanted(one.finding, scope):
                yield one
    if others:
        for one in _screen_each(session, scope, others, as_of=as_of, watched=watched):
            if _is_wanted(one.finding, scope):
                yield one


def _is_wanted(finding: Finding, scope: Scope) -> bool:
    return scope.severities is None or finding.severity in scope.severities


def _screen_each(
    session: Session, scope: Scope, names: frozenset[str], *, as_of: datetime, watched: Watched
) -> Iterator[Screened]:
    """The findings of rules about one occupation and its place; few statements for each portion."""
    found = catalogues_for(session, names, as_of)
    bounds = bounds_of(session, scope, reach_days=0)
    total = _count(session, bounds)
    done, last = 0, 0
    while portion := _portion(session, bounds, after=last):
        watched("each", done, total)
        last = portion[-1].occupation_id or 0
        done += len(portion)
        inside = [mine for mine in portion if scope.period is None or scope.period.overlaps(mine.period)]
        yield from _findings_of(session, found, inside, as_of=as_of)
    watched("each", total, total)


def _findings_of(
    session: Session, found: dict[str | None, Catalogue], portion: Sequence[Occupation], *, as_of: datetime
) -> Iterator[Screened]:
    towns: dict[str | None, list[CheckQuestion]] = defaultdict(list)
    for question in _placed(session, portion, as_of=as_of):
        towns[question.mine.town].append(question)
    for town, questions in towns.items():
        in_force = found[town]
        rows: list[tuple[CheckQuestion, Row[Any]]] = []
        if in_force.book.compares:
            rows += ask_many(session, in_force, in_force.book.check, questions, as_of=as_of)
        for kind, statement in in_force.book.measured.items():
            concerned = [one for one in questions if concerns(kind, one.mine, one.location)]
            if concerned:
                rows += ask_many(session, in_force, statement, concerned, as_of=as_of)
        for question, row in rows:
            yield Screened(finding=finding_of_row(row, in_force), mine=_object_of(question.mine))


def _placed(session: Session, portion: Sequence[Occupation], *, as_of: datetime) -> list[CheckQuestion]:
    drawn = [mine for mine in portion if mine.area is not None]
    places = locate_many(session, [mine.area for mine in drawn], day=as_of.astimezone(TOWN_ZONE).date())
    place_of = {mine.source_id: place for mine, place in zip(drawn, places, strict=True)}
    questions = []
    for mine in portion:
        place = place_of.get(mine.source_id, NOWHERE)
        questions.append(CheckQuestion(mine=located(mine, place), location=place, max_findings=KEPT_AT_MOST))
    return questions


def _count(session: Session, bounds: Bounds) -> int:
    statement = statements("screening")["screening_size"].replace("«in_scope»", bounds.on("occupation"))
    return int(session.execute(text(statement), bounds.asked()).one().occupations)


def _portion(session: Session, bounds: Bounds, *, after: int) -> list[Occupation]:
    """The next occupations in question with all their facts, by id."""
    condition = statements("screening")["screening_slice"].replace("«in_scope»", bounds.on("occupation"))
    condition = "\n".join(line for line in condition.splitlines() if not line.startswith("--"))
    whole = statements("occupations")["get_occupation"]
    statement = whole.replace("occupation_id = :occupation_id", condition)
    rows = session.execute(text(statement), {**bounds.asked(), "after": after, "most": PORTION})
    return [occupation_of_row(row) for row in rows]


def _object_of(mine: Occupation) -> OtherObject:
    return OtherObject(
        collection=mine.collection,
        source_id=str(mine.source_id),
        occupation_id=mine.occupation_id,
        reference=mine.reference,
        town=mine.town,
        label=other_label(mine.collection, mine.use_type, mine.kind, mine.label),
        use_type=mine.use_type,
        kind=mine.kind,
        state=mine.state,
        published=mine.published,
        period=mine.period,
    )
