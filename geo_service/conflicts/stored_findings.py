"""Findings of stored occupations: recomputed in the transaction that changes one, in both directions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import catalogue
from geo_service.conflicts.check import (
    MAX_FINDINGS,
    CheckQuestion,
    CheckResult,
    check_binds,
    check_question,
    finding_of_row,
    other_of_row,
)
from geo_service.conflicts.finding import Finding, FixedObject
from geo_service.conflicts.look_again import look_again
from geo_service.conflicts.measured import concerns, occupations_around, occupations_counted_in
from geo_service.conflicts.stored_questions import KEPT_AT_MOST
from geo_service.conflicts.surroundings import find_place
from geo_service.conflicts.write_findings import write_findings
from geo_service.db.prepared import prepared_rows
from geo_service.errors import NotFound
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.row import get_occupation
from geo_service.occupations.stood_beside import stood_beside
from geo_service.sql.loader import statements, text

_EMPTY = CheckResult(verdict="clear", findings=(), findings_total=0)
_REMOVE = text(statements("conflicts")["remove_findings"])
_LIST = statements("conflicts")["list_findings"]
_SETTLE = text(statements("conflicts")["settle_finding"])


def recompute_findings_of(session: Session, mine: Occupation, *, as_of: datetime) -> CheckResult:
    """Check an occupation as it is stored, and everyone it touches against it; write what is found, forget
    what is not.

    One that does not count has no findings. Returns its own findings, as `check_occupation` would.
    """
    occupation_id = mine.occupation_id
    assert occupation_id is not None
    location, around = find_place(session, mine, as_of=as_of)
    question = CheckQuestion(mine=mine, location=location, max_findings=KEPT_AT_MOST)
    if not mine.counts:
        _forget(session, occupation_id, mine=(), others=())
        _look_around(session, question, occupation_id, as_of=as_of)
        return _EMPTY
    result = check_question(session, question, as_of=as_of, around=around)
    against = _found_by_others(session, question, as_of=as_of) if around.met else ()
    write_findings(session, (*result.findings, *against), as_of=as_of)
    _forget(session, occupation_id, mine=result.findings, others=against)
    around_it = _look_around(session, question, occupation_id, as_of=as_of)
    across = [found.finding_id for found in (*result.findings, *against) if found.weighs_across]
    across += [found.finding_id for found in around_it if found.counts_in(occupation_id, mine.town)]
    return replace(result, findings=result.findings[:MAX_FINDINGS], across=tuple(across))


def recompute_findings(session: Session, occupation_id: int, *, as_of: datetime) -> CheckResult:
    """The same for one that is not at hand. Raises NotFound."""
    return recompute_findings_of(session, get_occupation(session, occupation_id), as_of=as_of)


def _look_around(
    session: Session, question: CheckQuestion, occupation_id: int, *, as_of: datetime
) -> list[Finding]:
    """The measuring rules of those who stand around mine, or stood around it before it changed.

    Returns their findings.

    Where one goes, only the network is looked at again without having been counted in: a closure that cut a
    quarter off no more than another one did can become the one that matters.
    """
    before = {*occupations_counted_in(session, [occupation_id]), *stood_beside(session, occupation_id)}
    found = catalogue(session, question.mine.town, as_of.astimezone(TOWN_ZONE).date())
    binds = check_binds(found, question, as_of=as_of)
    again: list[Finding] = []
    for kind in found.book.measured:
        now = (
            occupations_around(session, kind, binds)
            if concerns(kind, question.mine, question.location)
            and (question.mine.counts or kind == "network")
            else []
        )
        again += look_again(session, sorted({*before, *now} - {occupation_id}), (kind,), as_of=as_of)
    return again


def _found_by_others(session: Session, question: CheckQuestion, *, as_of: datetime) -> tuple[Finding, ...]:
    """The findings others have against the one in question, each by the values in force in its own town."""
    day = as_of.astimezone(TOWN_ZONE).date()
    widest = catalogue(session, question.mine.town, day)
    asked = check_binds(widest, question, as_of=as_of)
    found: list[Finding] = []
    for near in prepared_rows(session, widest.book.candidate_towns.text, asked):
        in_force = catalogue(session, near.town, day)
        binds = {**check_binds(in_force, question, as_of=as_of), "candidate_town": near.town}
        rows = prepared_rows(session, in_force.book.check_swapped.text, binds)
        found += [finding_of_row(row, in_force) for row in rows]
    return tuple(found)


def _forget(
    session: Session, occupation_id: int, *, mine: Iterable[Finding], others: Iterable[Finding]
) -> None:
    kept = {"mine": [one.finding_id for one in mine], "others": [one.finding_id for one in others]}
    session.execute(_REMOVE, {"occupation_id": occupation_id, **kept})


def list_findings(session: Session, occupation_id: int, *, both: bool = True) -> list[Finding]:
    """Stored findings of an occupation, the worst first; `both`: with what others found, each pair once."""
    rows = prepared_rows(session, _LIST, {"occupation_id": occupation_id, "both": both})
    return [finding_from_row(row) for row in rows]


def finding_from_row(row: Row[Any]) -> Finding:
    """A stored finding from a row with the columns of `list_findings`."""
    words = row.document
    return Finding(
        finding_id=row.finding_id,
        rule=row.rule,
        number=row.number,
        rule_version=row.rule_version,
        title=words["title"],
        severity=row.severity,
        could_be=row.could_be,
        other=other_of_row(row),
        mine_source=str(row.mine_source),
        mine_town=row.mine_town,
        mine_occupation=row.mine_occupation,
        segment_id=row.segment_id,
        geometry=None if row.geojson is None else orjson.loads(row.geojson),
        ewkb=None if row.geometry is None else bytes(row.geometry),
        during=None if row.during_start is None else Interval(row.during_start, row.during_end),
        measured=row.measured,
        limit=row.limit_value,
        unit=row.unit,
        worse=words["worse"],
        needed_for_grant=row.needed_for_grant,
        missing=tuple(row.missing or ()),
        legal_source=words["legal_source"],
        explanation=words["explanation"],
        advice=words["advice"],
        together=tuple(row.together or ()),
        status=row.status,
        note=row.note,
        version=row.version,
        fixed=_fixed(row),
    )


def _fixed(row: Row[Any]) -> FixedObject | None:
    kind = row.document.get("object")
    if kind is None:
        return None
    return FixedObject(kind=kind, source_id=str(row.object_id), town=row.object_town)


def findings_against_grant(session: Session, occupation_id: int, *, as_of: datetime) -> list[Finding]:
    """What forbids to make this occupation binding now, checked again; to be asked under the binding lock.

    Blocking ones and facts needed for the grant stand until a supervisor overrides them. What could
    block but is not certain stands until somebody settles it: unknown is never a pass.
    """
    recompute_findings(session, occupation_id, as_of=as_of)
    return [
        finding for finding in list_findings(session, occupation_id, both=False) if forbids_grant(finding)
    ]


def forbids_grant(finding: Finding) -> bool:
    """True while nobody has overridden it (what blocks or is needed), or settled it (what could block)."""
    if finding.severity == "block" or finding.needed_for_grant:
        return finding.status != "overridden"
    return finding.could_be == "block" and finding.status == "open"


def override_findings(session: Session, reasons: Mapping[str, str], *, by: str) -> None:
    """A supervisor overrides findings, by key, each with a reason, in both directions of the pair.

    It holds until the pair gets worse. Raises NotFound for an unknown one.
    """
    for finding_id, reason in reasons.items():
        values = {"finding_id": finding_id, "status": "overridden", "settled_by": by, "note": reason}
        if not session.execute(_SETTLE, {**values, "at": datetime.now(UTC)}).all():
            raise NotFound(f"There is no finding {finding_id}.")
