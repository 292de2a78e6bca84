"""Settling a finding on the case page of a desk."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from geo_service.conflicts.settle import settle
from geo_service.errors import Forbidden, Invalid, NotFound, PreconditionFailed, Rejected
from geo_service.identity.caller import require_desk
from geo_service.identity.secrets import csrf_token
from geo_service.permits.permit import get_permit
from geo_service.towns.town import get_town
from geo_service.web.desk_answers import back_to_case
from geo_service.web.labels import labels_of
from geo_service.web.pages_case import case_page
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in_cookie import sign_in_cookie

router = APIRouter(include_in_schema=False)


@router.post("/towns/{slug}/desk/cases/{reference}/findings/{finding_id}")
def settle_finding(  # noqa: PLR0913, PLR0917 - one per field of the form
    slug: str,
    reference: str,
    finding_id: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    status: Annotated[str, Form(max_length=20)],
    version: Annotated[int, Form()],
    note: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Accept, resolve or override; a refusal is shown on the case itself."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    get_permit(session, reference, caller=caller)
    try:
        with session.begin_nested():
            settle(
                session, finding_id, status, note,
                caller=caller, as_of=datetime.now(UTC), versions=frozenset({version}),
            )  # fmt: skip
    except (Forbidden, Rejected, Invalid, NotFound, PreconditionFailed) as refusal:
        cookie = sign_in_cookie(request)
        return case_page(
            request, session, get_permit(session, reference, caller=caller), caller, town,
            template="desk_case.html", status=refusal.status, refusal=refusal, typed={},
            consents=labels_of("consent"), csrf=csrf_token(cookie) if cookie else "",
        )  # fmt: skip
    return back_to_case(request, town, reference)
