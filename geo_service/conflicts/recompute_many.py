"""Findings of many stored occupations at once: the statements of a check, asked for all of them together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from geo_service.conflicts.ask_many import ask_many, chunks
from geo_service.conflicts.catalogue import Catalogue, catalogue
from geo_service.conflicts.check import CheckQuestion, check_binds, finding_of_row
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.measured import concerns, occupations_around, occupations_counted_in
from geo_service.conflicts.stored_findings import look_again, write_findings
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.stood_beside import stood_beside
from geo_service.sql.loader import statements

CHUNK = 500  # questions in one statement: some 0.3 s, so that a progress bar moves and no statement runs long
# A question to the network may take seconds where many are closed at once; a free width takes some ms.
MEASURED_CHUNK = {"strip": 50, "network": 1}
Counted = Callable[[int], None]

_REMOVE = text(statements("conflicts")["remove_findings_of_many"])


def nobody_watches(_done: int) -> None:
    """Takes the progress where nobody asks for it."""


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
    own: dict[int, list[Finding]] = {_id(question): [] for question in questions}
    everything: dict[str, Finding] = {}
    for found, asked in by_town(session, questions, as_of):
        for part in chunks(asked, CHUNK):
            for question, row in ask_many(session, found, found.book.check, part, as_of=as_of):
                finding = finding_of_row(row, found)
                own[_id(question)].append(finding)
                everything[finding.finding_id] = finding
            counted(len(part))
        for kind, statement in found.book.measured.items():
            concerned = [q for q in asked if concerns(kind, q.mine, q.location)]
            for part in chunks(concerned, MEASURED_CHUNK[kind]):
                for question, row in ask_many(session, found, statement, part, as_of=as_of):
                    finding = finding_of_row(row, found)
                    own[_id(question)].append(finding)
                    everything[finding.finding_id] = finding
    everything |= _found_by_others(session, questions, everything, as_of=as_of)
    ids = list(own)
    around = _around(session, questions, as_of=as_of)
    session.execute(_REMOVE, {"occupations": ids, "found": list(everything)})
    write_findings(session, everything.values(), as_of=as_of)
    for kind, others in around.items():
        look_again(session, sorted(others - own.keys()), (kind,), as_of=as_of)
    return {occupation_id: tuple(findings) for occupation_id, findings in own.items()}


def _around(session: Session, questions: Sequence[CheckQuestion], *, as_of: datetime) -> dict[str, set[int]]:
    """By measuring kind, who stands around those in question now, or counted one of them in before."""
    before = set(occupations_counted_in(session, [_id(question) for question in questions]))
    for question in questions:
        before.update(stood_beside(session, _id(question)))
    found: dict[str, set[int]] = {}
    for in_force, asked in by_town(session, questions, as_of):
        for kind in in_force.book.measured:
            there = found.setdefault(kind, set(before))
            for question in asked:
                if concerns(kind, question.mine, question.location):
                    there.update(
                        occupations_around(session, kind, check_binds(in_force, question, as_of=as_of))
                    )
    return found


def _found_by_others(
    session: Session, questions: Sequence[CheckQuestion], known: Mapping[str, Finding], *, as_of: datetime
) -> dict[str, Finding]:
    """The findings of occupations that are not among those in question, by the values of their own towns."""
    day = as_of.astimezone(TOWN_ZONE).date()
    batch = {"batch": [_id(question) for question in questions]}
    asked: dict[str | None, list[CheckQuestion]] = defaultdict(list)
    for found, there in by_town(session, questions, as_of):
        towns = _towns_outside(found.book.candidate_towns.text)
        for part in chunks(there, CHUNK):
            for question, row in ask_many(session, found, towns, part, as_of=as_of, also=batch):
                asked[row.town].append(question)
    new: dict[str, Finding] = {}
    for town, there in asked.items():
        found = catalogue(session, town, day)
        for part in chunks(there, CHUNK):
            also = {"candidate_town": town}
            for _, row in ask_many(session, found, found.book.check_swapped, part, as_of=as_of, also=also):
                finding = finding_of_row(row, found)
                if finding.finding_id not in known:  # those in question have answered for themselves
                    new[finding.finding_id] = finding
    return new


@lru_cache(maxsize=8)
def _towns_outside(candidate_towns: str) -> TextClause:
    """`candidate_towns` ends with its FROM clause; those in question are left out."""
    return text(f"{candidate_towns}\nWHERE NOT near.occupation_id = ANY(CAST(:batch AS bigint[]))")


def by_town(
    session: Session, questions: Sequence[CheckQuestion], as_of: datetime
) -> Iterator[tuple[Catalogue, list[CheckQuestion]]]:
    """The questions of each town with the catalogue in force there."""
    towns: dict[str | None, list[CheckQuestion]] = defaultdict(list)
    for question in questions:
        towns[question.mine.town].append(question)
    for town, asked in towns.items():
        yield catalogue(session, town, as_of.astimezone(TOWN_ZONE).date()), asked


def _id(question: CheckQuestion) -> int:
    if question.mine.occupation_id is None:
        raise ValueError("Only stored occupations have stored findings.")
    return question.mine.occupation_id
