"""Rules that measure more than a pair: free widths (strip) and ways through the network.

Each kind is asked in a statement of its own, and only where it concerns the occupation. What is found depends
on everything that stands there, so a finding names whom it counts in (`together`), and a change of one
occupation looks again at the findings of those around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import TextClause
from sqlalchemy.orm import Session

from geo_service.db.database import speaking_as_operator
from geo_service.db.prepared import prepared_rows
from geo_service.occupations.locate import Location
from geo_service.occupations.occupation import Occupation
from geo_service.sql.loader import statements

MEASURED_KINDS = ("strip", "network")
CLOSURES = frozenset({"full_closure", "full_closure_residents_free"})
_TOGETHER = statements("conflicts")["occupations_counted_in"]
_PARAMETER = re.compile(r":p_([a-z0-9_]+)")


def subject_of(kind: str) -> str:
    """The file of sql/ with the statements of a measuring kind."""
    return f"{kind}s" if kind == "strip" else kind


@cache
def parameters_measured_with(kind: str) -> frozenset[str]:
    """The parameters that the statement of a kind reads itself: values of every rule of that kind."""
    if kind not in MEASURED_KINDS:
        return frozenset()
    named = statements(subject_of(kind))
    return frozenset(_PARAMETER.findall(named[f"{kind}_branch"] + named[f"{kind}_around"]))


def concerns(kind: str, mine: Occupation, location: Location) -> bool:
    """False where rules of this kind have nothing to say, whatever else stands there."""
    if kind == "network":
        return mine.restriction in CLOSURES or bool(mine.closed_segments)
    return bool(location.streets)


def concerned_kinds(
    statements_of: Mapping[str, TextClause], mine: Occupation, location: Location
) -> Iterator[str]:
    """The kinds that have rules and something to say about mine, in the order of MEASURED_KINDS."""
    return (kind for kind in MEASURED_KINDS if kind in statements_of and concerns(kind, mine, location))


def occupations_around(session: Session, kind: str, binds: Mapping[str, Any]) -> list[int]:
    """Stored occupations whose findings of this kind may change with the given one, as it stands now."""
    return [row.occupation_id for row in prepared_rows(session, around_statement(kind), binds)]


def around_statement(kind: str) -> str:
    """What asks for them."""
    return statements(subject_of(kind))[f"{kind}_around"]


def occupations_counted_in(session: Session, occupation_ids: Sequence[int]) -> list[int]:
    """Stored occupations whose findings counted one of these in when they were found, wherever it stood then.

    Asked as the service itself: whoever changes an occupation does not see the findings of those around it.
    """
    with speaking_as_operator(session):
        rows = prepared_rows(session, _TOGETHER, {"occupations": list(occupation_ids)})
    return [row.occupation_id for row in rows]
