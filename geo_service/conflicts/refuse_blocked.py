"""The guard of sites, events and detours: what becomes binding must not stand over a blocking finding."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from geo_service.conflicts.binding_lock import take_binding_lock
from geo_service.conflicts.check import CheckResult
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.stored_findings import findings_against_grant, recompute_findings
from geo_service.errors import Rejected
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.write_occupation import save_occupation


class BlockedByFindings(Rejected):
    """Something binding is in the way; move it, choose another time, or keep it planned."""

    findings: tuple[Finding, ...] = ()


def save_with_findings(
    session: Session, occupation: Occupation, *, as_of: datetime
) -> tuple[int, CheckResult]:
    """Store an occupation with its findings; one writer at a time, so that two find each other.

    Returns the occupation's id and what was found. Raises BlockedByFindings for a binding one over a block.
    """
    take_binding_lock(session)
    occupation_id = save_occupation(session, occupation)
    result = recompute_findings(session, occupation_id, as_of=as_of)
    if occupation.binding:
        _refuse_blocked(session, occupation_id, as_of=as_of)
    return occupation_id, result


def _refuse_blocked(session: Session, occupation_id: int, *, as_of: datetime) -> None:
    found = findings_against_grant(session, occupation_id, as_of=as_of)
    blocking = tuple(f for f in found if "block" in (f.severity, f.could_be))
    if blocking:
        reasons = "; ".join(f"{f.number} {f.explanation['de']}" for f in blocking[:3])
        error = BlockedByFindings(f"{BlockedByFindings.__doc__} ({reasons})")
        error.findings = blocking
        raise error
