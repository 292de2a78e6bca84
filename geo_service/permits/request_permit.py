"""Filing: a request becomes a case with a reference, a token and its findings. A finding never stops it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy.orm import Session

from geo_service.conflicts.binding_lock import take_binding_lock
from geo_service.conflicts.stored_findings import recompute_findings
from geo_service.errors import FieldFault, Invalid
from geo_service.identity.caller import Caller
from geo_service.neighbours.tell_neighbours import tell_neighbours
from geo_service.occupations.use_request import occupation_of
from geo_service.occupations.write_occupation import save_occupation
from geo_service.permits.assess_request import Assessment, assess_request
from geo_service.permits.permit import Permit
from geo_service.permits.permit_request import (
    PermitRequest,
    fee_document,
    get_deciding_town,
    require_complete,
)
from geo_service.permits.permit_row import request_columns
from geo_service.permits.record_step import record_step
from geo_service.permits.tell import Filed, tell_filed
from geo_service.sql.loader import statements, text
from geo_service.towns.town import Town


@dataclass(frozen=True, kw_only=True, slots=True)
class FiledPermit:
    """The receipt. reference: None for a draft (addressed by permit_id). token: the applicant's key to it."""

    permit_id: UUID
    reference: str | None
    token: str
    status: str
    version: int
    assessment: Assessment

    @property
    def key(self) -> str:
        """The reference, or the id of a draft."""
        return self.reference or str(self.permit_id)


def request_permit(
    session: Session,
    request: PermitRequest,
    *,
    filed_by: Caller,
    as_of: datetime,
    child_of: tuple[Permit, str] | None = None,
) -> FiledPermit:
    """File (or keep as a draft) what somebody asks for; the transaction may read this case from then on.

    filed_by: the public, or a clerk at the counter. child_of: the permit that it changes, and the kind of
    change (child_permit.py); its use is of the parent's case group.
    Raises IncompleteRequest, TownTakesNoRequests (422).
    """
    if request.use.instead_of is not None:
        detail = "A change of a filed case is not filed as a new one; withdraw that one first."
        raise Invalid(detail, errors=[FieldFault("/properties/instead_of", detail)])
    # One writer at a time: two requests filed at the same moment must find each other.
    take_binding_lock(session)
    assessment = assess_request(session, request.use, as_of=as_of, case_group=request.use.case_group)
    town = get_deciding_town(session, assessment)
    kin = {} if child_of is None else _kin(*child_of, town)
    if not request.draft:
        less = kin.get("child_kind") in ("reduction", "new_holder")  # nobody's lead time is shorter by it
        require_complete(request, assessment, town, as_of=None if less else as_of)
    permit_id = uuid4()
    session.execute(text(statements("permits")["open_new_case"]), {"permit_id": permit_id})
    status = "draft" if request.draft else "submitted"
    reference = None if request.draft else next_reference(session, town, as_of)
    _insert(session, request, assessment, {
        "permit_id": str(permit_id), "town": town.ags, "reference": reference, "status": status,
        "filed_by": "counter" if filed_by.at_desk else "online", "demo": town.demo,
        "filed_at": None if request.draft else as_of.isoformat(), **kin,
    })  # fmt: skip
    applicant_id = write_applicant(session, request, permit_id, None if request.draft else town.ags)
    record_step(session, permit_id, town.ags, before=None, after=status, by=filed_by, as_of=as_of)
    mine = occupation_of(request.use, filed_at=as_of, source_id=permit_id, state=status, reference=reference)
    occupation_id = save_occupation(session, replace(mine, party=applicant_id, demo=town.demo))
    if not request.draft:
        found = recompute_findings(session, occupation_id, as_of=as_of)
        assessment = replace(assessment, check=found)
    token = issue_token(session, permit_id)
    if reference is not None:
        told = Filed(permit_id=permit_id, reference=reference, use=request.use, applicant=request.applicant)
        tell_filed(session, town, told, as_of=as_of)
        tell_neighbours(session, town, permit_id, assessment.check.across, as_of=as_of)
    return FiledPermit(
        permit_id=permit_id, reference=reference, token=token, status=status, version=1, assessment=assessment
    )


def _kin(parent: Permit, kind: str, town: Town) -> dict[str, str]:
    if town.ags != parent.town:
        detail = f"The area lies in {town.name} now: ask for it there."
        raise Invalid(detail, errors=[FieldFault("/geometry", detail)])
    return {"parent": str(parent.permit_id), "child_kind": kind}


def next_reference(session: Session, town: Town, as_of: datetime) -> str:
    """The town's next reference of the year in which `as_of` falls there."""
    year = as_of.astimezone(town.zone).year
    asked = {"town": town.ags, "year": year}
    return str(session.execute(text(statements("permits")["next_reference"]), asked).scalar_one())


def issue_token(session: Session, permit_id: UUID, *, renew: bool = False) -> str:
    """The applicant's token of an open case; `renew` makes every older one worthless."""
    asked = {"permit_id": permit_id, "renew": renew}
    return str(session.execute(text(statements("permits")["issue_token"]), asked).scalar_one())


def write_applicant(
    session: Session, request: PermitRequest, permit_id: UUID, town: str | None
) -> UUID | None:
    """Store who asks; returns the random id that stands for them in the occupation."""
    if request.applicant is None:
        return None
    who = request.applicant
    asked = {
        "applicant_id": uuid4(), "permit_id": permit_id, "town": town,
        "name": who.name, "email": who.email, "phone": who.phone, "address": who.address,
    }  # fmt: skip
    return UUID(str(session.execute(text(statements("permits")["write_applicant"]), asked).scalar_one()))


def _insert(session: Session, request: PermitRequest, assessment: Assessment, more: dict[str, Any]) -> None:
    row = {
        **request_columns(request.use),
        **more,
        "case_group": str(request.use.case_group or more["permit_id"]),
        "purpose": request.purpose,
        "fee": fee_document(assessment.fee),
    }
    session.execute(text(statements("permits")["insert_permit"]), {"row": orjson.dumps(row).decode()})
