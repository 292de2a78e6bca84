"""A supervisor sets findings aside, each with a written reason: something becomes binding all the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from geo_service.conflicts.become_binding import Claim, objections
from geo_service.conflicts.finding import finding_document
from geo_service.conflicts.stored_findings import list_findings, override_findings
from geo_service.db.database import speaking_as_operator
from geo_service.errors import FieldFault, Forbidden, Invalid
from geo_service.identity.caller import PUBLIC, Caller


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """A finding that a supervisor sets aside, and why; kept for ever."""

    finding: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Overrides:
    """What one person sets aside at once. pointer: where a client stated them."""

    of: tuple[Override, ...] = ()
    by: Caller = PUBLIC
    pointer: str = "/overrides"


NO_OVERRIDES = Overrides()


def override_objections(session: Session, claim: Claim, overrides: Overrides) -> None:
    """Set findings of a claim that was just stored aside: its own, and blocks that it gives to others.

    Raises Forbidden for whoever is no supervisor, Invalid for a finding of others or without a reason.
    """
    if not overrides.of:
        return
    if not overrides.by.may_override:
        raise Forbidden("Only a supervisor may override a finding.")
    own = list_findings(session, claim.occupation_id, both=False)
    known = {finding.finding_id for finding in (*own, *objections(session, claim).given)}
    for i, override in enumerate(overrides.of):
        if override.finding not in known:
            raise _invalid(f"{overrides.pointer}/{i}/finding", "This request has no such finding.")
        if not override.reason.strip():
            raise _invalid(
                f"{overrides.pointer}/{i}/reason", "Overriding needs a written reason; it is kept for ever."
            )
    reasons = {override.finding: override.reason.strip() for override in overrides.of}
    with speaking_as_operator(session):  # the other direction may be another town's
        override_findings(session, reasons, by=overrides.by.name)


def standing_overrides(session: Session, occupation_id: int, overrides: Overrides) -> list[dict[str, Any]]:
    """What is set aside for an occupation, now or before, as it is kept: in words, with the reason."""
    told = {override.finding: override.reason.strip() for override in overrides.of}
    kept = []
    for finding in list_findings(session, occupation_id, both=False):
        if finding.status == "overridden":
            words = finding_document(finding, overrides.by)
            reason = told.pop(finding.finding_id, finding.note)
            kept.append(_kept(finding.finding_id, reason, words))
    # Blocks that it gives to others are findings of theirs.
    return kept + [_kept(finding, reason, {}) for finding, reason in told.items()]


def _kept(finding: str, reason: str | None, words: dict[str, Any]) -> dict[str, Any]:
    return {"finding": finding, "reason": reason} | {
        name: words.get(name) for name in ("number", "explanation")
    }


def _invalid(pointer: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldFault(pointer, detail)])
