"""One statement about one occupation, asked for many at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Any, TypeVar

import orjson
from sqlalchemy import TextClause
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Catalogue
from geo_service.conflicts.check import CheckQuestion, check_binds
from geo_service.db.prepared import prepared_rows
from geo_service.sql.loader import statements

T = TypeVar("T")
# How a statement reads the requests beside its own; for many questions they are read once (`check_of_many`).
_REQUESTS = "jsonb_populate_recordset(CAST(NULL AS occupation), CAST(:requests AS jsonb))"
_REQUEST_STREETS = re.compile(r"jsonb_to_recordset\(CAST\(:request_streets AS jsonb\)\) AS asked \([^)]*\)")
_COLUMN = {str: "text", float: "double precision", int: "integer", bool: "boolean"}
_NAME = re.compile(r"(?<!:):([a-z][a-z0-9_]*)\b")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with everything that the statements of a check ask for it."""

    question: CheckQuestion
    binds: Mapping[str, Any]


def asked_by(found: Catalogue, questions: Iterable[CheckQuestion], *, as_of: datetime) -> list[Asked]:
    """The questions with what follows from a catalogue; worked out once for all statements."""
    return [Asked(question, check_binds(found, question, as_of=as_of)) for question in questions]


def ask_many(
    session: Session,
    found: Catalogue,
    statement: TextClause,
    questions: Sequence[CheckQuestion],
    *,
    as_of: datetime,
    also: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[tuple[CheckQuestion, Any]]:
    """The rows of one statement for each question, in one round trip; all questions by the same catalogue.

    also: binds that are the same for all of them. What is the same needs no copy for each.
    """
    return ask_again(session, found, statement.text, asked_by(found, questions, as_of=as_of), also=also)


def ask_again(
    session: Session,
    found: Catalogue,
    statement: str,
    asked: Sequence[Asked],
    *,
    also: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[tuple[CheckQuestion, Any]]:
    """The same for questions whose binds are worked out already."""
    first = asked[0].binds
    shared = {name: first[name] for name in first if name in found.binds or _is_shared(name)}
    own = [name for name in _names(statement) if name in first and name not in shared and name not in also]
    rows = [
        {"number": number, **{name: each.binds[name] for name in own}} for number, each in enumerate(asked)
    ]
    columns = tuple((name, _COLUMN[type(value)]) for name, value in rows[0].items())
    values = {
        "requests": "[]",
        "request_streets": "[]",
        **shared,
        **also,
        "asked": orjson.dumps(rows).decode(),
    }
    for row in prepared_rows(session, _of_many(statement, columns), values):
        yield asked[row.number].question, row


def _is_shared(name: str) -> bool:
    return name in ("as_of", "max_findings") or name.startswith("reach_")


@lru_cache(maxsize=64)
def _names(statement: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_NAME.findall(statement)))


@lru_cache(maxsize=64)
def _of_many(statement: str, columns: tuple[tuple[str, str], ...]) -> str:
    """The statement with what belongs to one occupation read from a row of questions."""
    statement = _REQUEST_STREETS.sub("beside_street AS asked", statement.replace(_REQUESTS, "beside"))
    names = "|".join(name for name, _ in columns)
    inner = re.sub(rf"(?<!:):({names})\b", r"asked.\1", statement)
    frame = statements("conflicts")["check_of_many"]
    typed = ", ".join(f"{name} {kind}" for name, kind in columns)
    return frame.replace("«columns»", typed).replace("«statement»", inner)


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size`, in order."""
    left = iter(items)
    while part := list(islice(left, size)):
        yield part
