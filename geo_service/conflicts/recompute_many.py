"""Findings of many stored occupations at once: the statements of a check, asked for all of them together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

import orjson
from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Catalogue, catalogue
from geo_service.conflicts.check import CheckQuestion, check_binds, finding_of_row
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.measured import concerns, occupations_around, occupations_counted_in
from geo_service.conflicts.stored_findings import look_again, write_findings
from geo_service.interval import TOWN_ZONE
from geo_service.sql.loader import statements

CHUNK = 500  # questions in one statement: some 0.3 s, so that a progress bar moves and no statement runs long
Counted = Callable[[int], None]
T = TypeVar("T")

_REMOVE = text(statements("conflicts")["remove_findings_of_many"])
_COLUMN = {str: "text", float: "double precision", int: "integer", bool: "boolean"}


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
    for found, asked in _by_town(session, questions, as_of):
        for part in chunks(asked, CHUNK):
            for question, row in _ask(session, found, found.book.check, part, as_of=as_of):
                finding = finding_of_row(row, found)
                own[_id(question)].append(finding)
                everything[finding.finding_id] = finding
            counted(len(part))
        for kind, statement in found.book.measured.items():
            concerned = [q for q in asked if concerns(kind, q.mine, q.location)]
            for part in chunks(concerned, CHUNK):
                for question, row in _ask(session, found, statement, part, as_of=as_of):
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
    before: set[int] = set()
    for question in questions:
        before.update(occupations_counted_in(session, _id(question)))
    found: dict[str, set[int]] = {}
    for in_force, asked in _by_town(session, questions, as_of):
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
    for found, there in _by_town(session, questions, as_of):
        towns = _towns_outside(found.book.candidate_towns.text)
        for part in chunks(there, CHUNK):
            for question, row in _ask(session, found, towns, part, as_of=as_of, also=batch):
                asked[row.town].append(question)
    new: dict[str, Finding] = {}
    for town, there in asked.items():
        found = catalogue(session, town, day)
        for part in chunks(there, CHUNK):
            also = {"candidate_town": town}
            for _, row in _ask(session, found, found.book.check_swapped, part, as_of=as_of, also=also):
                finding = finding_of_row(row, found)
                if finding.finding_id not in known:  # those in question have answered for themselves
                    new[finding.finding_id] = finding
    return new


@lru_cache(maxsize=8)
def _towns_outside(candidate_towns: str) -> TextClause:
    """`candidate_towns` ends with its FROM clause; those in question are left out."""
    return text(f"{candidate_towns}\nWHERE NOT near.occupation_id = ANY(CAST(:batch AS bigint[]))")


def _by_town(
    session: Session, questions: Sequence[CheckQuestion], as_of: datetime
) -> Iterator[tuple[Catalogue, list[CheckQuestion]]]:
    towns: dict[str | None, list[CheckQuestion]] = defaultdict(list)
    for question in questions:
        towns[question.mine.town].append(question)
    for town, asked in towns.items():
        yield catalogue(session, town, as_of.astimezone(TOWN_ZONE).date()), asked


def _ask(
    session: Session,
    found: Catalogue,
    statement: TextClause,
    questions: Sequence[CheckQuestion],
    *,
    as_of: datetime,
    also: Mapping[str, Any] | None = None,
) -> Iterator[tuple[CheckQuestion, Row[Any]]]:
    """The rows of one statement for each question."""
    binds = [check_binds(found, question, as_of=as_of) for question in questions]
    shared = {name for name in binds[0] if name in found.binds or name.startswith("reach_")}
    shared |= {"as_of", "max_findings"}
    asked = [
        {"number": number, **{name: value for name, value in each.items() if name not in shared}}
        for number, each in enumerate(binds)
    ]
    columns = tuple((name, _COLUMN[type(value)]) for name, value in asked[0].items())
    values = {name: binds[0][name] for name in shared} | dict(also or {})
    rows = session.execute(
        _of_many(statement.text, columns), {**values, "asked": orjson.dumps(asked).decode()}
    )
    for row in rows:
        yield questions[row.number], row


@lru_cache(maxsize=64)
def _of_many(statement: str, columns: tuple[tuple[str, str], ...]) -> TextClause:
    """The statement with what belongs to one occupation read from a row of questions."""
    names = "|".join(name for name, _ in columns)
    inner = re.sub(rf"(?<!:):({names})\b", r"asked.\1", statement)
    frame = statements("conflicts")["check_of_many"]
    typed = ", ".join(f"{name} {kind}" for name, kind in columns)
    return text(frame.replace("«columns»", typed).replace("«statement»", inner))


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size`, in order."""
    left = iter(items)
    while part := list(islice(left, size)):
        yield part


def _id(question: CheckQuestion) -> int:
    if question.mine.occupation_id is None:
        raise ValueError("Only stored occupations have stored findings.")
    return question.mine.occupation_id
