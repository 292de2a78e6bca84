"""What becomes binding, or larger while it is, is held against every rule again: its own, its neighbours'.

My findings may be clean while my scaffold takes the last half metre from somebody who has a permit already:
then it is their finding that forbids mine. All of it is asked under the binding lock (binding_lock.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from geo_service.conflicts.check import CheckResult
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.stored_findings import (
    finding_from_row,
    forbids_grant,
    list_findings,
    recompute_findings_of,
)
from geo_service.conflicts.stored_questions import KEPT_AT_MOST
from geo_service.db.database import speaking_as_operator
from geo_service.db.prepared import prepared_rows
from geo_service.errors import Rejected
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.write_occupation import store_occupation
from geo_service.sql.loader import statements

_NOW = statements("findings")["instant_now"]
_GIVEN = statements("findings")["blocks_given"]


class TooManyFindings(Rejected):
    """There are more findings than can be kept and overridden one by one; ask for less, or elsewhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """An occupation as it was just stored. check: its own findings; since: when it began to be stored."""

    occupation_id: int
    check: CheckResult
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Objections:
    """What forbids a claim to be binding. own: its findings; given: what it does to binding neighbours.

    listed: all its findings as they are stored, those that forbid nothing too.
    In `given` the finding is the neighbour's; its `other` is that neighbour, as whoever reads knows it.
    """

    own: tuple[Finding, ...]
    given: tuple[Finding, ...]
    listed: tuple[Finding, ...] = ()

    @property
    def all(self) -> tuple[Finding, ...]:
        """Both, the own ones first."""
        return self.own + self.given


def store_with_findings(session: Session, occupation: Occupation, *, as_of: datetime) -> Claim:
    """Store an occupation and make the findings anew, its own and those of everyone it touches.

    The caller holds the binding lock, so that of two writers each finds the other.
    """
    since = moment(session)
    stored = store_occupation(session, occupation)
    assert stored.occupation_id is not None
    check = recompute_findings_of(session, stored, as_of=as_of)
    return Claim(occupation_id=stored.occupation_id, check=check, since=since)


def moment(session: Session) -> datetime:
    """The instant of the database from which on `blocks_given` counts what is new."""
    (row,) = prepared_rows(session, _NOW, {})
    found: datetime = row.instant
    return found


def objections(session: Session, claim: Claim) -> Objections:
    """What forbids that a claim, stored as binding in this transaction, stays so.

    Own findings that block, or are needed for a grant, stand until a supervisor overrides them; what could
    block stands until somebody settles it. A binding neighbour must not get a block that it had not before.
    Raises TooManyFindings where not all of them could be kept: what nobody sees nobody can override.
    """
    if claim.check.findings_total > KEPT_AT_MOST:
        raise TooManyFindings()
    own = list_findings(session, claim.occupation_id, both=False)
    return Objections(
        own=tuple(finding for finding in own if forbids_grant(finding)),
        given=blocks_given(session, claim.occupation_id, claim.since),
        listed=tuple(own),
    )


def blocks_given(session: Session, occupation_id: int, since: datetime) -> tuple[Finding, ...]:
    """Findings that have begun to block something binding since then, because of an occupation."""
    return blocks_given_by([occupation_id], session, since).get(occupation_id, ())


def blocks_given_by(
    occupation_ids: Sequence[int], session: Session, since: datetime
) -> dict[int, tuple[Finding, ...]]:
    """The same for several at once, by the occupation that gives them.

    Asked as the service: the neighbour may be another town's, whose findings the caller does not see.
    """
    with speaking_as_operator(session):
        rows = prepared_rows(session, _GIVEN, {"occupations": list(occupation_ids), "since": since})
    found: dict[int, tuple[Finding, ...]] = {}
    for row in rows:
        found[row.culprit_id] = (*found.get(row.culprit_id, ()), finding_from_row(row))
    return found
