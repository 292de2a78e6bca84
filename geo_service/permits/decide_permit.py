"""Moving a case along the table of states.py: by its applicant or a clerk of its town, each step recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.orm import Session

from geo_service.conflicts.become_binding import Claim, Objections, objections, store_with_findings
from geo_service.conflicts.binding_lock import Vicinity, take_binding_lock, vicinity_of
from geo_service.conflicts.catalogue import catalogue
from geo_service.conflicts.check import MAX_FINDINGS
from geo_service.conflicts.finding import Finding, finding_document
from geo_service.conflicts.override import Override, Overrides, override_objections
from geo_service.conflicts.rule_basis import frozen_findings, record_basis
from geo_service.errors import FieldFault, Invalid, PreconditionFailed, Rejected
from geo_service.fees.notice import find_notice
from geo_service.identity.caller import APPLICANT, Caller, system_of
from geo_service.interval import TOWN_ZONE
from geo_service.neighbours.tell_neighbours import tell_neighbours
from geo_service.occupations.row import get_occupation
from geo_service.occupations.use_request import occupation_of
from geo_service.occupations.use_types import use_types
from geo_service.permits.assess_request import assess_request
from geo_service.permits.close_consultations import close_consultations
from geo_service.permits.deadlines import answer_due_at
from geo_service.permits.extensions import PermitRevoked, lock_extensions, require_extensions
from geo_service.permits.fee_at_grant import credit_replaced, settle_fee
from geo_service.permits.notice_facts import WITH_NOTICE, keep_notice
from geo_service.permits.permit import Permit, get_permit
from geo_service.permits.permit_request import PermitRequest, get_deciding_town, require_complete
from geo_service.permits.record_step import record_step
from geo_service.permits.request_permit import next_reference
from geo_service.permits.states import (
    IN_FORCE,
    STATES,
    NotOnPaper,
    TooEarly,
    Transition,
    get_transition,
)
from geo_service.permits.tell import Stepped, tell_step
from geo_service.sql.loader import statements, text
from geo_service.towns.town import get_town
from geo_service.zones.reinstatement import accept_reinstatement

_DECIDED = ("granted", "rejected", "dismissed")


class GrantRefused(Rejected):
    """A blocking finding stands or the grant lacks something; a supervisor may override it with a reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """Where a case shall go. `versions`: only if it is still one of these (If-Match); None = any.

    also_revoke: references of extensions in force that are revoked with their permit, for the same reason.
    """

    to: str
    reason: str | None = None
    reason_code: str | None = None
    conditions: tuple[dict[str, Any], ...] | None = None
    overrides: tuple[Override, ...] = ()
    versions: frozenset[int] | None = None
    also_revoke: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Frozen:
    """The findings kept with a grant, with rule versions and values in force, and the whole rulebook."""

    findings: list[dict[str, Any]]
    rule_basis: str


def move_permit(
    session: Session, reference: str, move: Move, *, caller: Caller, as_of: datetime, token: str | None = None
) -> Permit:
    """Take one step, with its guards checked in the same transaction; the case as it is afterwards.

    reference: or the id of a draft. The session speaks as `caller` already (web/scope.py, db.speak_as).
    Raises NoSuchPermit (404), Forbidden, a Rejected (409), PreconditionFailed (412) or Invalid (422).
    """
    lock_extensions(session, reference, move.also_revoke)
    permit = get_permit(session, reference, caller=caller, token=token, lock=True)
    town = get_town(session, permit.town)
    require_version(permit, move.versions)
    step = _allowed_step(permit, move, as_of)
    require_extensions(session, permit, move.also_revoke)
    by = caller if step.who & (permit.parties - {"applicant"}) else APPLICANT
    parent = _parent_that_gives_way(session, permit) if move.to == "granted" else None
    # Whatever changes who stands where waits for its turn: the check below holds until the commit.
    alone = parent is None and not move.also_revoke
    take_binding_lock(session, _vicinity(session, permit, as_of=as_of) if alone else None)
    if "complete" in step.guards:
        _submit(session, permit, as_of=as_of)
        permit = replace(permit, reference=next_reference(session, town, as_of), filed_at=as_of)
    for extension in move.also_revoke:
        same = replace(move, also_revoke=(), versions=None)
        move_permit(session, extension, same, caller=caller, as_of=as_of)
    if parent is not None:
        _give_way(session, parent, permit, as_of=as_of)
    claim = _move_occupation(session, permit, move.to, as_of=as_of)
    frozen = None
    if "no_block" in step.guards:  # asked after the move: only then its neighbours have it in their way
        found = _refuse_or_override(session, claim, move, by=by)
        frozen = _freeze_findings(session, permit, found, by=by, as_of=as_of)
    if move.to == "accepted":
        _keep_reinstatement(session, permit, by=by, as_of=as_of)
    _write_step(session, permit, move, by=by, as_of=as_of, frozen=frozen)
    close_consultations(session, permit, move.to, by=caller, as_of=as_of)
    moved = get_permit(session, str(permit.permit_id), caller=caller, token=token)
    settle_fee(session, permit, town, move.to, by=by, as_of=as_of)  # late: a town's numbers come in turn
    fee = None
    if move.to in WITH_NOTICE:
        fee = find_notice(session, permit.permit_id, as_of=as_of)
        keep_notice(session, moved, town, fee, reason=move.reason, as_of=as_of)
    step_taken = Stepped(before=permit.status, permit=moved, words=move.reason, fee=fee)
    tell_step(session, town, step_taken, as_of=as_of)
    tell_neighbours(session, town, permit.permit_id, claim.check.across, as_of=as_of)
    return moved


def _allowed_step(permit: Permit, move: Move, as_of: datetime) -> Transition:
    """The line of the table and the guards on it that need no look around. Raises Rejected or Invalid."""
    if move.to not in STATES:
        raise _invalid("/to", f"There is no state {move.to!r}.")
    step = get_transition(permit.status, move.to, permit.parties)
    if "on_paper" in step.guards and "on_paper" in permit.shut_guards(as_of):
        raise NotOnPaper()
    if "reason" in step.guards and not (move.reason or "").strip():
        raise _invalid("/reason", "This step needs a reason.")
    if move.overrides and "no_block" not in step.guards:
        raise _invalid("/overrides", "Only a grant can override findings.")
    if move.also_revoke and move.to != "revoked":
        raise _invalid("/also_revoke", "Only a revocation can revoke extensions too.")
    _refuse_too_early(permit, step, as_of)
    return step


def _parent_that_gives_way(session: Session, child: Permit) -> Permit | None:
    """The permit that a child replaces by being granted, locked; None where there is none in force.

    An extension begins where its parent ends: only one whose use still stands there is over by it.
    Raises PermitRevoked: what was taken back is not lengthened, moved or handed on by another door.
    """
    if child.parent is None:
        return None
    parent = get_permit(session, str(child.parent), caller=system_of(child.town), lock=True)
    if parent.status == "revoked":
        raise PermitRevoked()
    replaces = child.child_kind != "extension" or parent.status == "overrun"
    return parent if replaces and parent.status in IN_FORCE else None


def _give_way(session: Session, parent: Permit, child: Permit, *, as_of: datetime) -> None:
    to = "surrendered" if parent.status == "granted" else "ended"
    get_transition(parent.status, to, parent.parties)  # the table allows it to the system
    _move_occupation(session, parent, to, as_of=as_of)
    move = Move(to=to, reason=f"Ersetzt durch {child.reference}")
    _write_step(session, parent, move, by=system_of(parent.town), as_of=as_of, frozen=None)
    credit_replaced(session, parent, child, as_of=as_of)


def _refuse_too_early(permit: Permit, step: Transition, as_of: datetime) -> None:
    shut = permit.shut_guards(as_of)
    if "overdue" in step.guards and "overdue" in shut:
        raise TooEarly("The deadline for the answer has not passed yet.")
    if "begun" in step.guards and "begun" in shut:
        raise TooEarly("The period has not begun yet.")
    if "over" in step.guards and "over" in shut:
        raise TooEarly("The period is not over yet.")


def require_version(permit: Permit, versions: frozenset[int] | None) -> None:
    """Raises PreconditionFailed when the case has changed since it was read."""
    if versions is not None and permit.version not in versions:
        raise PreconditionFailed()


def _invalid(pointer: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldFault(pointer, detail)])


def _refuse_or_override(session: Session, claim: Claim, move: Move, *, by: Caller) -> tuple[Finding, ...]:
    """The guard of granting, after the move; whoever calls rolls back on a refusal. The findings of the case.

    Raises GrantRefused with what stands against it: findings of the case, and blocks that it would give to
    something binding.
    """
    override_objections(session, claim, Overrides(of=move.overrides, by=by))
    found = objections(session, claim)
    if found.all:
        raise GrantRefused(extra=refused_findings(found, by))
    return found.listed


def refused_findings(found: Objections, by: Caller) -> dict[str, Any]:
    """What a refused grant tells: the worst, and how many there are."""
    return {
        "findings": [finding_document(finding, by) for finding in found.all[:MAX_FINDINGS]],
        "findings_total": len(found.all),
    }


def _freeze_findings(
    session: Session, permit: Permit, found: Sequence[Finding], *, by: Caller, as_of: datetime
) -> Frozen:
    in_force = catalogue(session, permit.town, as_of.astimezone(TOWN_ZONE).date())
    return Frozen(findings=frozen_findings(in_force, found, by), rule_basis=record_basis(session, in_force))


def _submit(session: Session, permit: Permit, *, as_of: datetime) -> None:
    """The guard of submitting a draft: asked again as of now, then the town may see who asks."""
    request = PermitRequest(use=permit.use, purpose=permit.purpose, applicant=permit.applicant)
    assessment = assess_request(session, permit.use, as_of=as_of, case_group=permit.use.case_group)
    town = get_deciding_town(session, assessment)
    require_complete(request, assessment, town, as_of=as_of)
    shown = {"permit_id": permit.permit_id, "town": permit.town}
    session.execute(text(statements("permits")["show_applicant_to_town"]), shown)


def _write_step(
    session: Session,
    permit: Permit,
    move: Move,
    *,
    by: Caller,
    as_of: datetime,
    frozen: Frozen | None,
) -> None:
    session.execute(
        text(statements("permits")["set_status"]),
        {
            "permit_id": permit.permit_id, "status": move.to, "reference": permit.reference,
            "filed_at": permit.filed_at, "decided_at": as_of if move.to in _DECIDED else None,
            "conditions": None if move.conditions is None else orjson.dumps(list(move.conditions)).decode(),
            "findings_at_grant": None if frozen is None else orjson.dumps(frozen.findings).decode(),
            "rule_basis": None if frozen is None else frozen.rule_basis,
            "due_at": answer_due_at(session, permit.town, move.to, as_of=as_of),
        },
    )  # fmt: skip
    if permit.status == "draft" and permit.reference:  # the token opens it by its reference from now on
        asked = {"permit_id": permit.permit_id, "renew": False}
        session.execute(text(statements("permits")["issue_token"]), asked)
    record_step(
        session, permit.permit_id, permit.town, before=permit.status, after=move.to, by=by, as_of=as_of,
        reason=move.reason, reason_code=move.reason_code,
        overrides=[{"finding": override.finding, "reason": override.reason} for override in move.overrides],
    )  # fmt: skip


def _vicinity(session: Session, permit: Permit, *, as_of: datetime) -> Vicinity | None:
    """Who has to wait for a step that moves this case alone; None for everybody."""
    day = as_of.astimezone(TOWN_ZONE).date()
    stored = get_occupation(session, permit.occupation_id)
    return vicinity_of(session, catalogue(session, permit.town, day), stored)


def _move_occupation(session: Session, permit: Permit, status: str, *, as_of: datetime) -> Claim:
    """What the new state means for everybody else (domain.md section 5), and the findings that follow."""
    # Read under the lock: an import that was waited for may have changed where it stands.
    mine = get_occupation(session, permit.occupation_id)
    filed_at = permit.filed_at or mine.filed_at
    now = occupation_of(
        permit.use, filed_at=filed_at, source_id=permit.permit_id, state=status, reference=permit.reference
    )
    moved = replace(
        mine, state=status, counts=now.counts, binding=now.binding, published=now.published,
        period=now.period, recurrence=now.recurrence, reference=permit.reference, filed_at=filed_at,
    )  # fmt: skip
    return store_with_findings(session, moved, as_of=as_of)


def _keep_reinstatement(session: Session, permit: Permit, *, by: Caller, as_of: datetime) -> None:
    """Where the accepted use was a dig, the warranty of the closed surface runs from today."""
    if permit.use.excavation or use_types()[permit.use.use_type].digs:
        accept_reinstatement(
            session,
            source_id=permit.permit_id,
            title=permit.reference or "",
            area=permit.use.area,
            accepted_on=as_of.astimezone(TOWN_ZONE).date(),
            by=by,
            as_of=as_of,
            demo=permit.demo,
        )
