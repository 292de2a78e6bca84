"""`POST /towns/{slug}/desk/cases/{reference}`: a step taken at the desk; and an extension entered there."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from geo_service.conflicts.override import Override
from geo_service.errors import FieldFault, GeoServiceError, Invalid, PreconditionFailed, Rejected
from geo_service.identity.caller import Caller, require_desk
from geo_service.identity.secrets import csrf_token
from geo_service.permits.child_permit import request_change
from geo_service.permits.decide_permit import Move, move_permit
from geo_service.permits.permit import get_permit
from geo_service.towns.town import Town, get_town
from geo_service.web.child_body import ChildFeature, ChildProperties
from geo_service.web.desk_answers import back_to_case
from geo_service.web.labels import labels_of
from geo_service.web.pages_case import case_page
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in_cookie import sign_in_cookie

router = APIRouter(include_in_schema=False)

_MOST_CONDITIONS = 100  # as many as the case API takes
_REFUSALS = (Rejected, Invalid, PreconditionFailed)


@router.post("/towns/{slug}/desk/cases/{reference}")
def decide(  # noqa: PLR0913, PLR0917 - one per field of the form
    slug: str,
    reference: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    to: Annotated[str, Form(max_length=40)],
    version: Annotated[int, Form()],
    reason: Annotated[str, Form(max_length=4000)] = "",
    conditions: Annotated[str, Form(max_length=20_000)] = "",
    override: Annotated[list[str], Form(max_length=100)] = [],  # noqa: B006 - FastAPI copies it
    also: Annotated[list[str], Form(max_length=20)] = [],  # noqa: B006
) -> Response:
    """Take one step; a refusal is shown on the case itself, with what was typed."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    try:
        move = Move(
            to=to,
            reason=reason.strip() or None,
            conditions=_conditions(conditions) if to == "granted" else None,
            overrides=tuple(Override(finding=finding, reason=reason.strip()) for finding in override),
            versions=frozenset({version}),
            also_revoke=tuple(dict.fromkeys(also)) if to == "revoked" else (),
        )
        with session.begin_nested():  # a refused step leaves nothing behind
            move_permit(session, reference, move, caller=caller, as_of=datetime.now(UTC))
    except _REFUSALS as refusal:
        typed = {"reason": reason, "conditions": conditions, "also": also}
        return _refused(request, session, town, reference, caller, refusal, typed)
    return back_to_case(request, town, reference)


@router.post("/towns/{slug}/desk/cases/{reference}/extension")
def extend(  # noqa: PLR0913, PLR0917 - one per field of the form
    slug: str,
    reference: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    until: Annotated[date, Form()],
    urgent_reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Enter an extension that was asked for on paper or by phone; it is a case of its own, opened at once."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    stated = ChildProperties(until=until, urgent_reason=urgent_reason.strip() or None)
    try:
        with session.begin_nested():
            parent = get_permit(session, reference, caller=caller, lock=True)
            change = ChildFeature(kind="extension", properties=stated).to_change()
            filed = request_change(session, parent, change, filed_by=caller, as_of=datetime.now(UTC))
    except (Rejected, Invalid) as refusal:
        typed = {"until": until.isoformat(), "urgent_reason": urgent_reason}
        return _refused(request, session, town, reference, caller, refusal, typed)
    return back_to_case(request, town, filed.key)


def _conditions(typed: str) -> tuple[dict[str, str | None], ...]:
    """One condition a line. Raises Invalid for more than a notice takes."""
    lines = [" ".join(line.split()) for line in typed.splitlines()]
    found = tuple({"code": None, "text": line} for line in lines if line)
    if len(found) > _MOST_CONDITIONS:
        detail = f"At most {_MOST_CONDITIONS} conditions."
        raise Invalid(detail, errors=[FieldFault("/conditions", detail)])
    return found


def _refused(  # noqa: PLR0913, PLR0917 - what the page shows again
    request: Request,
    session: Session,
    town: Town,
    reference: str,
    caller: Caller,
    refusal: GeoServiceError,
    typed: dict[str, Any],
) -> Response:
    permit = get_permit(session, reference, caller=caller)
    cookie = sign_in_cookie(request)
    return case_page(
        request,
        session,
        permit,
        caller,
        town,
        template="desk_case.html",
        status=refusal.status,
        csrf=csrf_token(cookie) if cookie else "",
        refusal=refusal,
        typed=typed,
        consents=labels_of("consent"),
    )
