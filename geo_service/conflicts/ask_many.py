"""One statement about one occupation, asked for many at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Any, TypeVar

import orjson
from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Catalogue
from geo_service.conflicts.check import CheckQuestion, check_binds
from geo_service.sql.loader import statements

T = TypeVar("T")
# How a statement reads the requests beside its own; for many questions they are read once (`check_of_many`).
_REQUESTS = "jsonb_populate_recordset(CAST(NULL AS occupation), CAST(:requests AS jsonb))"
_REQUEST_STREETS = re.compile(r"jsonb_to_recordset\(CAST\(:request_streets AS jsonb\)\) AS asked \([^)]*\)")
_COLUMN = {str: "text", float: "double precision", int: "integer", bool: "boolean"}


def ask_many(
    session: Session,
    found: Catalogue,
    statement: TextClause,
    questions: Sequence[CheckQuestion],
    *,
    as_of: datetime,
    also: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[tuple[CheckQuestion, Row[Any]]]:
    """The rows of one statement for each question, in one round trip; all questions by the same catalogue.

    also: binds that are the same for all of them. What is the same needs no copy for each.
    """
    binds = [check_binds(found, question, as_of=as_of) for question in questions]
    shared = {name for name in binds[0] if name in found.binds or name.startswith("reach_")}
    shared |= {"as_of", "max_findings", *(name for name in also if name in binds[0])}
    asked = [
        {
            "number": number,
            **{name: value for name, value in each.items() if name not in shared and name not in also},
        }
        for number, each in enumerate(binds)
    ]
    columns = tuple((name, _COLUMN[type(value)]) for name, value in asked[0].items())
    values = (
        {"requests": "[]", "request_streets": "[]"} | {name: binds[0][name] for name in shared} | dict(also)
    )
    rows = session.execute(
        _of_many(statement.text, columns), {**values, "asked": orjson.dumps(asked).decode()}
    )
    for row in rows:
        yield questions[row.number], row


@lru_cache(maxsize=64)
def _of_many(statement: str, columns: tuple[tuple[str, str], ...]) -> TextClause:
    """The statement with what belongs to one occupation read from a row of questions."""
    statement = _REQUEST_STREETS.sub("beside_street AS asked", statement.replace(_REQUESTS, "beside"))
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
