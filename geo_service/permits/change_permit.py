"""Asking anew for an undecided case: what was stated is replaced, the procedure stays where it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import orjson
from sqlalchemy.orm import Session

from geo_service.conflicts.binding_lock import take_binding_lock
from geo_service.conflicts.stored_findings import recompute_findings
from geo_service.errors import FieldFault, Forbidden, Invalid, Rejected
from geo_service.identity.caller import Caller
from geo_service.neighbours.tell_neighbours import tell_neighbours
from geo_service.occupations.use_request import occupation_of
from geo_service.occupations.write_occupation import save_occupation
from geo_service.permits.assess_request import assess_request
from geo_service.permits.permit import Permit, get_permit
from geo_service.permits.permit_request import (
    PermitRequest,
    fee_as_set,
    fee_document,
    get_deciding_town,
    require_complete,
)
from geo_service.permits.permit_row import request_columns
from geo_service.permits.request_permit import write_applicant
from geo_service.permits.states import UNDECIDED
from geo_service.sql.loader import statements, text

_APPLICANTS_TURN = ("draft", "more_information_needed")


class AlreadyDecided(Rejected):
    """The permit is decided; what was asked for cannot be changed any more."""


def change_permit(
    session: Session,
    permit: Permit,
    request: PermitRequest,
    *,
    caller: Caller,
    as_of: datetime,
    token: str | None,
) -> Permit:
    """Replace what was asked for in `permit`, opened and locked by the caller (`get_permit(lock=True)`).

    The applicant while it is a draft or more information is needed, a clerk before the decision.
    Raises AlreadyDecided, Forbidden, Invalid.
    """
    _require_turn(permit)
    take_binding_lock(session)
    use = replace(request.use, case_group=permit.use.case_group)
    if "clerk" not in permit.parties:
        use = replace(
            use, consents=permit.use.consents
        )  # what an office has given is not the applicant's to state
    request = replace(request, use=use, applicant=request.applicant or permit.applicant)
    assessment = assess_request(session, use, as_of=as_of, case_group=use.case_group)
    town = get_deciding_town(session, assessment)
    is_draft = permit.status == "draft"
    if not is_draft:
        new_times = "clerk" not in permit.parties and use.period != permit.use.period
        require_complete(request, assessment, town, as_of=as_of if new_times else None)
        if town.ags != permit.town:
            detail = f"The area lies in {town.name} now: withdraw this request and file it there."
            raise Invalid(detail, errors=[FieldFault("/geometry", detail)])
    row = {
        **request_columns(use),
        "town": town.ags,
        "purpose": request.purpose,
        "fee": fee_as_set(permit.fee, fee_document(assessment.fee)),
    }
    session.execute(
        text(statements("permits")["update_permit"]),
        {"permit_id": permit.permit_id, "row": orjson.dumps(row).decode()},
    )
    party = write_applicant(session, request, permit.permit_id, None if is_draft else town.ags)
    mine = occupation_of(
        use,
        filed_at=permit.filed_at or as_of,
        source_id=permit.permit_id,
        state=permit.status,
        reference=permit.reference,
    )
    occupation_id = save_occupation(session, replace(mine, party=party, demo=town.demo))
    found = recompute_findings(session, occupation_id, as_of=as_of)
    tell_neighbours(session, town, permit.permit_id, found.across, as_of=as_of)
    return get_permit(session, str(permit.permit_id), caller=caller, token=token)


def _require_turn(permit: Permit) -> None:
    if permit.status != "draft" and permit.status not in UNDECIDED:
        raise AlreadyDecided()
    if "clerk" not in permit.parties and permit.status not in _APPLICANTS_TURN:
        raise Forbidden(
            "The request is being examined; it can be changed when the town asks for more information."
        )
