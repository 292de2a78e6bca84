"""The own data of an applicant: `/api/v1/permits/{reference}/my-data`, and the button of the case page."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from geo_service.conflicts.stored_findings import list_findings
from geo_service.identity.caller import Caller
from geo_service.permits.decide_permit import occupation_id_of
from geo_service.permits.my_data import my_data
from geo_service.permits.permit import get_permit
from geo_service.towns.town import get_town
from geo_service.web.api_permits import PRIVATE, sent_token
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.token_cookie import CASE_COOKIE

router = APIRouter()


@router.get("/api/v1/permits/{reference}/my-data", tags=["permits"])
def get_my_data(reference: str, request: Request, session: PublicSession, caller: CurrentCaller) -> Response:
    """What is stored about the applicant, for the applicant (by token) only."""
    return _answer(session, reference, caller, sent_token(request))


@router.get("/permits/{reference}/my-data", include_in_schema=False)
def download_my_data(
    reference: str, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """The same for the page of the case, which has the token in its cookie."""
    request.state.referrer_policy = "no-referrer"
    return _answer(session, reference, caller, request.cookies.get(CASE_COOKIE))


def _answer(session: Session, reference: str, caller: Caller, token: str | None) -> Response:
    permit = get_permit(session, reference, caller=caller, token=token)
    findings = list(list_findings(session, occupation_id_of(session, permit)))
    found = my_data(session, permit, findings, get_town(session, permit.town), as_of=datetime.now(UTC))
    return Response(
        orjson.dumps(found, option=orjson.OPT_INDENT_2),
        media_type="application/json",
        headers={**PRIVATE, "Content-Disposition": f'attachment; filename="{permit.key}.json"'},
    )
