"""The guard of sites, events and detours: what becomes binding must not stand over a blocking finding."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from geo_service.conflicts.become_binding import Claim, objections, store_with_findings
from geo_service.conflicts.binding_lock import take_binding_lock
from geo_service.conflicts.check import CheckResult
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.override import NO_OVERRIDES, Overrides, override_objections
from geo_service.errors import Rejected
from geo_service.occupations.occupation import Occupation


class BlockedByFindings(Rejected):
    """Something binding is in the way; move it, choose another time, or keep it planned."""

    findings: tuple[Finding, ...] = ()


def save_with_findings(
    session: Session, occupation: Occupation, *, as_of: datetime, overrides: Overrides = NO_OVERRIDES
) -> tuple[int, CheckResult]:
    """Store an occupation with its findings; one writer at a time, so that two find each other.

    Returns the occupation's id and what was found. Raises BlockedByFindings for a binding one over a block,
    its own or one that it would give to something binding, unless a supervisor overrides it.
    """
    take_binding_lock(session)
    claim = store_with_findings(session, occupation, as_of=as_of)
    if occupation.binding:
        override_objections(session, claim, overrides)
        refuse_blocked(session, claim)
    return claim.occupation_id, claim.check


def refuse_blocked(session: Session, claim: Claim) -> None:
    """Raises BlockedByFindings; what is only needed for a permit does not stop a site or an event."""
    found = objections(session, claim).all
    blocking = tuple(f for f in found if "block" in (f.severity, f.could_be))
    if blocking:
        reasons = "; ".join(blocking_sentence(f) for f in blocking[:3])
        error = BlockedByFindings(f"{BlockedByFindings.__doc__} ({reasons})")
        error.findings = blocking
        raise error


def blocking_sentence(finding: Finding) -> str:
    """Number and explanation in German, with the name of the other object: for reports of the operator."""
    label = "" if finding.other is None else finding.other.label.get("de") or ""
    return f"{finding.number} {finding.explanation['de']}".replace("{other.label}", label)
