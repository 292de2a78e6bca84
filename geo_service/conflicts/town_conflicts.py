"""The stored findings of one town's desk, and making them anew from everything stored now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from geo_service.conflicts.ask_many import chunks
from geo_service.conflicts.screen import screen
from geo_service.conflicts.screen_pairs import Screened, mine_of_row
from geo_service.conflicts.screen_scope import Scope, occupations_in_street
from geo_service.conflicts.stored_findings import finding_from_row
from geo_service.conflicts.write_findings import write_findings
from geo_service.sql.loader import statements, text

_BATCH = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class TownConflicts:
    """The worst first; `total` counts all that were asked for."""

    shown: tuple[Screened, ...]
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreenedAnew:
    """How many findings there are now, both directions of a pair counted; new and gone since before."""

    found: int
    new: int
    gone: int


def list_town_conflicts(
    session: Session, town: str, scope: Scope, *, open_only: bool, most: int
) -> TownConflicts:
    """Stored findings in which the town has a part, each pair once for a rule. Raises NoSuchStreet.

    town: AGS. Severities, street and period of `scope` count; its town and rules do not.
    """
    in_street = None if scope.street is None else occupations_in_street(session, scope.street, town)
    asked = {
        "town": town,
        "severities": None if scope.severities is None else sorted(scope.severities),
        "open_only": open_only,
        "during": None if scope.period is None else scope.period.to_range(),
        "in_street": in_street,
        "most": most,
    }
    rows = session.execute(text(statements("screening")["town_conflicts"]), asked).all()
    return TownConflicts(
        shown=tuple(Screened(finding=finding_from_row(row), mine=mine_of_row(row)) for row in rows),
        total=rows[0].conflicts_total if rows else 0,
    )


def screen_town_anew(session: Session, town: str, *, as_of: datetime) -> ScreenedAnew:
    """Screen a town and store what is found; settled findings stay settled unless they got worse.

    The town's occupations are held as they are until the transaction ends, so that no finding is written for
    one that has gone meanwhile.
    """
    named = statements("screening")
    before = set(session.execute(text(named["screening_before"]), {"town": town}).scalars())
    found = {
        one.finding.finding_id: one.finding
        for one in screen(session, Scope(town=town), as_of=as_of, once=False, to_store=True)
    }
    # In the order of their keys: two who write the same ones wait for each other and do not lock up.
    for batch in chunks((found[key] for key in sorted(found)), _BATCH):
        write_findings(session, batch, as_of=as_of)
    gone = sorted(before - found.keys())
    session.execute(text(named["screening_gone"]), {"gone": gone})
    return ScreenedAnew(found=len(found), new=len(found.keys() - before), gone=len(gone))
