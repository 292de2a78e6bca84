"""Findings of many stored occupations at once: the statements of a check, asked for all of them together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sqlalchemy.orm import Session

from geo_service.conflicts.ask_many import Asked, ask_again, ask_many, asked_by, chunks
from geo_service.conflicts.catalogue import Catalogue, catalogue
from geo_service.conflicts.check import CheckQuestion, finding_of_row
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.look_again import MEASURED_CHUNK, look_again, measured_of_many
from geo_service.conflicts.measured import around_statement, concerns, occupations_counted_in
from geo_service.conflicts.stored_questions import by_town
from geo_service.conflicts.write_findings import write_findings
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.stood_beside import stood_beside
from geo_service.sql.loader import statements, text

__all__ = ["CHUNK", "MEASURED_CHUNK", "Counted", "nobody_watches", "recompute_many"]

CHUNK = 500  # questions in one statement: some 0.3 s, so that a progress bar moves and no statement runs long
Counted = Callable[[int], None]

_REMOVE = text(statements("conflicts")["remove_findings_of_many"])


def nobody_watches(_done: int) -> None:
    """Takes the progress where nobody asks for it."""


@dataclass(slots=True)
class _Found:
    """own: findings by occupation; all: by key. towns: who is near somebody else of that town.

    around: who stands around them, by measuring kind.
    """

    own: dict[int, list[Finding]]
    all: dict[str, Finding] = field(default_factory=dict)
    towns: dict[str | None, list[CheckQuestion]] = field(default_factory=lambda: defaultdict(list))
    around: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, question: CheckQuestion, finding: Finding) -> None:
        self.own[_id(question)].append(finding)
        self.all[finding.finding_id] = finding


def recompute_many(
    session: Session,
    questions: Sequence[CheckQuestion],
    *,
    as_of: datetime,
    counted: Counted = nobody_watches,
) -> Mapping[int, tuple[Finding, ...]]:
    """What `recompute_findings` does, for many stored occupations that count; their own findings by id.

    Equal to one after the other once all of them are stored.
    """
    ids = [_id(question) for question in questions]
    found = _Found(own={occupation_id: [] for occupation_id in ids})
    before = set(occupations_counted_in(session, ids))
    for occupation_id in ids:
        before.update(stood_beside(session, occupation_id))
    batch = "{" + ",".join(map(str, ids)) + "}"  # written out once, not for each statement
    for in_force, there in by_town(session, questions, as_of):
        for part in chunks(there, CHUNK):
            _ask(session, in_force, asked_by(in_force, part, as_of=as_of), batch, found)
            for kind in in_force.book.measured:
                found.around[kind] |= before
            counted(len(part))
    found.all |= _found_by_others(session, found, as_of=as_of)
    session.execute(_REMOVE, {"occupations": ids, "found": list(found.all)})
    write_findings(session, found.all.values(), as_of=as_of)
    for kind, others in found.around.items():
        look_again(session, sorted(others - found.own.keys()), (kind,), as_of=as_of)
    return {occupation_id: tuple(findings) for occupation_id, findings in found.own.items()}


def _ask(session: Session, in_force: Catalogue, asked: Sequence[Asked], batch: str, found: _Found) -> None:
    """Everything about some occupations of one town."""
    for question, row in ask_again(session, in_force, in_force.book.check.text, asked):
        found.add(question, finding_of_row(row, in_force))
    towns = _towns_outside(in_force.book.candidate_towns.text)
    for question, row in ask_again(session, in_force, towns, asked, also={"batch": batch}):
        found.towns[row.town].append(question)
    for kind in in_force.book.measured:
        for question, finding in measured_of_many(session, in_force, kind, asked):
            found.add(question, finding)
        found.around[kind].update(_around(session, in_force, kind, asked))


def _around(session: Session, in_force: Catalogue, kind: str, asked: Sequence[Asked]) -> Iterator[int]:
    """Who stands around those in question now."""
    concerned = [each for each in asked if concerns(kind, each.question.mine, each.question.location)]
    for part in chunks(concerned, CHUNK):
        for _, row in ask_again(session, in_force, around_statement(kind), part):
            yield row.occupation_id


def _found_by_others(session: Session, known: _Found, *, as_of: datetime) -> dict[str, Finding]:
    """The findings of occupations that are not among those in question, by the values of their own towns."""
    day = as_of.astimezone(TOWN_ZONE).date()
    new: dict[str, Finding] = {}
    for town, there in known.towns.items():
        found = catalogue(session, town, day)
        for part in chunks(there, CHUNK):
            also = {"candidate_town": town}
            for _, row in ask_many(session, found, found.book.check_swapped, part, as_of=as_of, also=also):
                finding = finding_of_row(row, found)
                if finding.finding_id not in known.all:  # those in question have answered for themselves
                    new[finding.finding_id] = finding
    return new


@lru_cache(maxsize=8)
def _towns_outside(candidate_towns: str) -> str:
    """`candidate_towns` ends with its FROM clause; those in question are left out.

    NOT IN is hashed, even where the plan was made without the array.
    """
    return f"{candidate_towns}\nWHERE near.occupation_id NOT IN (SELECT unnest(CAST(:batch AS bigint[])))"


def _id(question: CheckQuestion) -> int:
    if question.mine.occupation_id is None:
        raise ValueError("Only stored occupations have stored findings.")
    return question.mine.occupation_id
